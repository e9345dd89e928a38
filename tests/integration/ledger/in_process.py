"""A chain in this process: py-evm with the rules of Prague, without the P-256 precompile."""

import ast
import json

from web3 import EthereumTesterProvider, Web3
from web3.types import RPCEndpoint

from protocol.keys import SigningKey, address_text
from protocol.ledger.errors import RpcError
from protocol.ledger.transactions import Sender

SET_TIME = "evm_setNextBlockTimestamp"


class EthTesterRpc:
    """The chain in this process, asked as web3 asks it."""

    def __init__(self) -> None:
        self.provider = EthereumTesterProvider()
        self.web3 = Web3(self.provider)

    async def call(self, method: str, *params: object) -> object:
        """Return the result of one call."""
        if method == SET_TIME:
            self.provider.ethereum_tester.time_travel(params[0])
            return None
        try:
            if method == "eth_getLogs":  # web3 brings the filter into the form that eth-tester takes
                answer = self.web3.eth.get_logs(params[0])
            else:
                answer = self.web3.manager.request_blocking(RPCEndpoint(method), list(params))
        except Exception as error:
            raise RpcError(method, 3, str(error), _revert_data(str(error))) from error
        return json.loads(Web3.to_json(answer)) if answer is not None else None

    def time(self) -> int:
        """Unix seconds of the newest block."""
        return self.web3.eth.get_block("latest")["timestamp"]

    def sender(self, key: SigningKey | None = None) -> Sender:
        """Return a sender with coin."""
        key = key or SigningKey.generate()
        self.web3.eth.send_transaction(
            {"from": self.web3.eth.accounts[0], "to": address_text(key.address), "value": 10**20}
        )
        return Sender(self, key, self.web3.eth.chain_id, set_time_method=SET_TIME)


def _revert_data(words: str) -> str | None:
    """Return the data that py-evm shows as a bytes literal behind its words; None for other failures."""
    _, found, literal = words.partition("execution reverted: ")
    return "0x" + ast.literal_eval(literal).hex() if found and literal.startswith("b") else None
