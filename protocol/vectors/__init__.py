"""Test vectors of every message, shared by Python, Solidity, firmware and web.

`python -m protocol.vectors` writes them anew; a test checks that the committed files are what the code makes
and cross-checks them with eth-account.
"""
