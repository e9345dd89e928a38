"""The agent-based model: producers, consumers, a grid with a pool. Importing `community` loads Mesa."""
