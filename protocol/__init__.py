"""What every party of a Zuva community must agree on: formats, signatures, trees, time, ledger addresses."""
