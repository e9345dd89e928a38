"""The registry's enumerations in words."""

KINDS = ("generation", "load", "storage", "feeder")
SOURCES = ("solar", "wind", "hydro", "biomass", "storage", "grid")
CATEGORIES = ("residential", "commercial", "industrial")


def word(words: tuple[str, ...], index: int) -> str:
    """Return the word for an enumeration's value; values of a newer registry are given as numbers."""
    return words[index] if 0 <= index < len(words) else str(index)
