"""Who may see a single home's import and export, which are personal data.

This is the one place where they leave the backend: once accounts sign in, `may_see_consumption` decides per
caller and meter, and what may not be seen is null.
"""


def may_see_consumption() -> bool:
    """Everybody, as long as the API serves one community's own page on its own machine."""
    return True
