"""One file per claim, with the peer or the physical floor measured in the same run."""
