"""What admins look at: lags, oracle nodes and their signatures, refusals. Read-only; nobody signs in yet."""
