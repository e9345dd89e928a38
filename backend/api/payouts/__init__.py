"""Potential payouts: contributions of homes, and what they would earn at the tariff of the settings."""
