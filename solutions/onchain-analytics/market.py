"""People who trade on a development chain, so that there is something to analyze: months of it, at once, and live.

Two contracts (see contract/) are deployed; wallets buy tokens of them, transfer them, and pay several others at once.
The chain must be one that mines at the times it is told to, such as ganache.

    python market.py --rpc http://127.0.0.1:8545 --days 2 --per-minute 0.2
"""

import argparse
import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from chain import Chain

CONTRACT = json.loads((Path(__file__).parent / "contract" / "Exchange.json").read_text())
SELECTORS = {text.partition("(")[0]: selector for text, selector in CONTRACT["methodIdentifiers"].items()}
TOKENS = (("Lantern", "LANT", 400), ("Ember", "EMBR", 25))  # name, symbol, tokens for one of the chain's coins
SHARE_OF_THE_FIRST = 0.8
DAY_S, COIN, TOKEN = 86_400, 10**18, 10**18
GAS, GAS_OF_A_PAYMENT, GAS_OF_A_BYTE = 120_000, 60_000, 16


class Market:
    """Contracts on a chain, and the wallets that trade there."""

    def __init__(self, chain: Chain, seed: int = 45, payload_bytes: int = 0):
        self.chain, self.payload_bytes = chain, payload_bytes
        self._chance = random.Random(seed)
        self._wallets: list[str] = chain.ask("eth_accounts")
        self._owned: dict[tuple[str, str], int] = defaultdict(int)
        self.contracts: list[str] = []

    def open(self, at: int):
        """Deploy the contracts."""
        self.chain.ask("miner_stop")
        for number, (name, symbol, price) in enumerate(TOKENS):
            arguments = _number(96) + _number(160) + _number(price) + _text(name) + _text(symbol)
            data = f"0x{CONTRACT['bytecode']}{arguments}"
            asked = {"from": self._wallets[0], "data": data, "gas": hex(3_000_000)}
            transaction = self.chain.ask("eth_sendTransaction", asked)
            self.chain.ask("evm_mine", at + number)
            self.contracts.append(self.chain.ask("eth_getTransactionReceipt", transaction)["contractAddress"])

    def trade(self, moments: list[int]):
        """As many transfers as there are moments, in blocks of those epoch seconds."""
        for moment, several in groupby(sorted(moments)):
            self._block(moment, len(list(several)))

    def _block(self, moment: int, count: int):
        """Transfers in one block. What is received in it is spent in later ones: a block's order is the miner's."""
        received: list[tuple[tuple[str, str], int]] = []
        for transaction in self._transactions(count, received):
            self.chain.ask("eth_sendTransaction", transaction)
        self.chain.ask("evm_mine", moment)
        for key, value in received:
            self._owned[key] += value

    def _transactions(self, count: int, received: list) -> Iterator[dict[str, str]]:
        while count:
            contract = self.contracts[self._chance.random() > SHARE_OF_THE_FIRST]
            wallet = self._wallet()
            owned, price = self._owned[contract, wallet], dict(zip(self.contracts, TOKENS, strict=True))[contract][2]
            if owned < TOKEN or self._chance.random() < 0.3:
                coins = self._chance.randint(1, 5000) * COIN // 1000
                received.append(((contract, wallet), coins * price))
                count -= 1
                yield self._transaction(wallet, contract, SELECTORS["buy"], value=coins)
                continue
            several = min(count, self._chance.randint(1, 4))
            value = int(owned * self._chance.uniform(0.05, 0.4)) // several
            others = [self._wallet() for _ in range(several)]
            received += [((contract, other), value) for other in others]
            self._owned[contract, wallet] -= value * several
            count -= several
            yield self._transaction(wallet, contract, _spending(others, value), several)

    def _wallet(self) -> str:
        """Some trade more than others."""
        return self._wallets[int(len(self._wallets) * self._chance.random() ** 2)]

    def _transaction(self, wallet: str, contract: str, data: str, several: int = 1, value: int = 0) -> dict[str, str]:
        """Contracts take no notice of what follows their arguments: it is a transaction's payload all the same."""
        gas = GAS + GAS_OF_A_PAYMENT * several + GAS_OF_A_BYTE * self.payload_bytes
        payload = self._chance.randbytes(self.payload_bytes).hex()
        return {"from": wallet, "to": contract, "value": hex(value), "gas": hex(gas), "data": f"0x{data}{payload}"}


def moments(days: float, per_minute: float, until: int, seed: int = 45) -> list[int]:
    """When transfers of some past days took place: more by day than by night, more from week to week, some at once."""
    chance = random.Random(seed)
    first, count, found = until - int(days * DAY_S), round(days * 24 * 60 * per_minute), []
    while len(found) < count:
        moment = first + chance.random() * days * DAY_S
        by_day = 1 + 0.7 * math.sin(2 * math.pi * (moment % DAY_S) / DAY_S - math.pi / 2)
        growth = 0.6 + 0.4 * (moment - first) / (days * DAY_S)
        if chance.random() * 1.7 < by_day * growth:
            found += [int(moment)] * (1 if chance.random() < 0.9 else chance.randint(2, 4))
    return sorted(found[:count])


def _spending(others: list[str], value: int) -> str:
    """The call that transfers a value to one or several others."""
    addresses = "".join(other[2:].rjust(64, "0") for other in others)
    if len(others) == 1:
        return SELECTORS["transfer"] + addresses + _number(value)
    return SELECTORS["pay"] + _number(64) + _number(value) + _number(len(others)) + addresses


def _number(value: int) -> str:
    return f"{value:064x}"


def _text(text: str) -> str:
    """Of at most 32 bytes."""
    return _number(len(text)) + text.encode().hex().ljust(64, "0")


def main():
    it = argparse.ArgumentParser("market.py", description="Let some days of trade go by on a development chain.")
    it.add_argument("--rpc", required=True, metavar="URL", help="of the chain")
    it.add_argument("--days", type=float, default=45, help="(default: %(default)s)")
    it.add_argument("--per-minute", type=float, default=0.02, help="transfers (default: %(default)s)")
    it.add_argument("--payload-bytes", type=int, default=500, help="of each transaction (default: %(default)s)")
    told, now = it.parse_args(), int(time.time())
    market = Market(Chain(told.rpc), payload_bytes=told.payload_bytes)
    market.open(now - int(told.days * DAY_S) - 60)
    market.trade(moments(told.days, told.per_minute, now))
    print("\n".join(market.contracts))


if __name__ == "__main__":
    main()
