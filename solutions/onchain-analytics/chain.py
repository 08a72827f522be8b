"""A chain of the EVM family, asked by JSON-RPC: its blocks, its transfers of ERC-20 tokens.

Any node will do: one of Fantom, of Ethereum, or a development chain such as ganache.
"""

import itertools
import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # Transfer(address,address,uint256)
SYMBOL, DECIMALS = "0x95d89b41", "0x313ce567"  # symbol(), decimals()
BATCH = 200  # questions in one request
PATIENCE_S = 120


class ChainError(Exception):
    """The node refused, in its own words."""


class Chain:
    """One node."""

    def __init__(self, url: str):
        self.url = url
        self._parts = urlsplit(url)
        self._ids = itertools.count(1)
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, *parameters: Any) -> Any:
        return _result(self._post(self._question(method, parameters)))

    def ask_all(self, method: str, parameters: list[tuple]) -> list[Any]:
        """The same question about many things; a node may answer them in any order."""
        found = []
        for start in range(0, len(parameters), BATCH):
            questions = [self._question(method, each) for each in parameters[start : start + BATCH]]
            answers = {answer["id"]: answer for answer in self._post(questions)}
            found += [_result(answers[question["id"]]) for question in questions]
        return found

    def height(self) -> int:
        return int(self.ask("eth_blockNumber"), 16)

    def token(self, contract: str) -> dict[str, Any]:
        """What a contract says of the token that it keeps."""
        call = [{"to": contract, "data": data} for data in (SYMBOL, DECIMALS)]
        symbol, decimals = (self.ask("eth_call", each, "latest") for each in call)
        return {"symbol": _text(symbol), "decimals": int(decimals, 16)}

    def logs(self, contracts: list[str], first: int, last: int) -> list[dict[str, Any]]:
        """The transfers in some blocks, as the node logged them."""
        wanted = {"address": contracts, "topics": [TRANSFER], "fromBlock": hex(first), "toBlock": hex(last)}
        return self.ask("eth_getLogs", wanted)

    def blocks(self, numbers: list[int], with_transactions: bool = True) -> dict[int, dict[str, Any]]:
        asked = [(hex(number), with_transactions) for number in numbers]
        return dict(zip(numbers, self.ask_all("eth_getBlockByNumber", asked), strict=True))

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def _question(self, method: str, parameters: tuple) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(parameters)}

    def _post(self, body: Any) -> Any:
        """Over a connection that is kept. The node may have ended it meanwhile; then a new one is made."""
        kept = self._connection is not None
        try:
            return self._exchange(body)
        except (ConnectionError, HTTPException):
            self.close()
            if not kept:
                raise
            return self._exchange(body)
        except OSError:
            self.close()
            raise

    def _exchange(self, body: Any) -> Any:
        if self._connection is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            self._connection = kind(self._parts.netloc, timeout=PATIENCE_S)
        path = self._parts.path or "/"
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(self._connection.getresponse().read())


class Transfers:
    """Transfers of some contracts' tokens, as records: what the log, its transaction and its block say, nested.

    Numbers are in hexadecimal, as nodes give them, but for the time of the block, an epoch second.
    """

    def __init__(self, chain: Chain, contracts: list[str]):
        self._chain = chain
        self.contracts = [contract.lower() for contract in contracts]
        self._tokens = {contract: chain.token(contract) for contract in self.contracts}

    def between(self, first: int, last: int) -> Iterator[dict[str, Any]]:
        """Those in the blocks from the first to the last, in order."""
        logs = self._chain.logs(self.contracts, first, last)
        blocks = self._chain.blocks(sorted({int(log["blockNumber"], 16) for log in logs}))
        for log in logs:
            block = blocks[int(log["blockNumber"], 16)]
            yield self._record(log, block, block["transactions"][int(log["transactionIndex"], 16)])

    def _record(self, log: dict, block: dict, transaction: dict) -> dict[str, Any]:
        told = ("hash", "from", "to", "value", "gas", "gasPrice", "nonce", "input")
        contract = log["address"].lower()
        return {
            "address": contract,
            "token": self._tokens[contract],
            "block": {
                "number": block["number"], "hash": block["hash"], "timestamp": int(block["timestamp"], 16),
            },
            "transaction": {name: transaction[name] for name in told},
            "transfer": {
                "from": "0x" + log["topics"][1][-40:], "to": "0x" + log["topics"][2][-40:],
                "value": log["data"], "logIndex": log["logIndex"],
            },
        }  # fmt: skip


def _result(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise ChainError(answer["error"].get("message", answer["error"]))
    return answer["result"]


def _text(encoded: str) -> str:
    """A string as the ABI encodes it: where it begins, its length, its bytes."""
    data = bytes.fromhex(encoded[2:])
    length = int.from_bytes(data[32:64], "big")
    return data[64 : 64 + length].decode()
