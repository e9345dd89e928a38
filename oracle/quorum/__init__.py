"""How independent oracle nodes come to one report an interval."""
