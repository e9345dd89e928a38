"""The chain as every room sees it: artefacts, JSON-RPC, transactions, bindings, deployment, address book."""
