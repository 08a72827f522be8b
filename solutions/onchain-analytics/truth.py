"""The metrics, counted straight from the chain: what the pipeline's answers are held against."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal

from chain import Chain

BLOCKS_AT_ONCE = 2000
NOBODY = "0x" + "0" * 40
EXACT = Context(prec=80)


@dataclass(frozen=True)
class Transfer:
    """One log of a contract, with the time of its block and what its transaction paid."""

    contract: str
    time: int
    transaction: str
    sender: str
    receiver: str
    tokens: int
    paid: int


def transfers(chain: Chain, contracts: list[str], first: int, last: int) -> list[Transfer]:
    """All of some contracts, in some blocks."""
    found = []
    for start in range(first, last + 1, BLOCKS_AT_ONCE):
        logs = chain.logs(contracts, start, min(last, start + BLOCKS_AT_ONCE - 1))
        blocks = chain.blocks(sorted({int(log["blockNumber"], 16) for log in logs}))
        for log in logs:
            block = blocks[int(log["blockNumber"], 16)]
            paid = block["transactions"][int(log["transactionIndex"], 16)]["value"]
            parties = ("0x" + topic[-40:] for topic in log["topics"][1:3])
            found.append(
                Transfer(log["address"].lower(), int(block["timestamp"], 16), log["transactionHash"], *parties,
                         int(log["data"], 16), int(paid, 16))
            )  # fmt: skip
    return found


def metric(name: str, found: list[Transfer], minutes: int) -> tuple[dict, list[dict]]:
    """What the API is to answer: the total, and a point for each interval."""
    by_interval = defaultdict(list)
    for transfer in found:
        by_interval[transfer.time - transfer.time % (minutes * 60)].append(transfer)
    count = {"wallets": wallets, "tokens": tokens, "transactions": transactions}[name]
    return count(found), [{"time": written(start), **count(by_interval[start])} for start in sorted(by_interval)]


def wallets(found: list[Transfer]) -> dict[str, int]:
    parties = {transfer.sender for transfer in found} | {transfer.receiver for transfer in found}
    return {"wallets": len(parties - {NOBODY})}


def transactions(found: list[Transfer]) -> dict[str, int]:
    return {"transactions": len({transfer.transaction for transfer in found})}


def tokens(found: list[Transfer]) -> dict[str, str]:
    paid = {transfer.transaction: transfer.paid for transfer in found}
    return {"tokens": _decimal(sum(transfer.tokens for transfer in found)), "value": _decimal(sum(paid.values()))}


def _decimal(smallest: int) -> str:
    return format(Decimal(smallest).scaleb(-18, EXACT).normalize(EXACT), "f")


def written(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
