"""Gets signed readings to the oracle, whatever dies, and drives the community's stepped clock."""
