"""The local chain: anvil behind a thin JSON-RPC front with a journal, so that it survives kill -9."""
