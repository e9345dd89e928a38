"""How a node speaks with other nodes and with its operator over HTTP."""
