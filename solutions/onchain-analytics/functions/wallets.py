"""The number of wallets that interacted with a contract over time."""

from collections import defaultdict

from transfers import answer

NOBODY = "0x" + "0" * 40  # from whom new tokens come, and to whom burnt ones go


def handler(event, context):
    return answer(event, ("transfer_from", "transfer_to"), wallets)


def wallets(transfers):
    """Each wallet counts once in an interval, and once in all."""
    seen = defaultdict(set)
    for start, transfer in transfers:
        seen[start].update((transfer["transfer_from"], transfer["transfer_to"]))
    for found in seen.values():
        found.discard(NOBODY)
    total = {"wallets": len(set().union(*seen.values()))}
    return total, {start: {"wallets": len(found)} for start, found in seen.items()}
