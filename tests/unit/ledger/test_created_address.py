"""Where a contract will be, told before it is there."""

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from protocol.keccak import keccak256
from protocol.ledger.deployment import created_address

DEPLOYER = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")


@pytest.mark.parametrize(
    ("nonce", "address"),
    [
        (0, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"),
        (1, "343c43a37d37dff08ae8c4a11544c718abb4fcf8"),
        (2, "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91"),
    ],
)
def test_published_examples(nonce: int, address: str) -> None:
    assert created_address(DEPLOYER, nonce).hex() == address


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**64 - 2) | st.sampled_from([127, 128, 255, 256]))
def test_every_nonce_is_encoded_as_rlp_has_it(deployer: bytes, nonce: int) -> None:
    assert created_address(deployer, nonce) == keccak256(rlp.encode([deployer, nonce]))[12:]
