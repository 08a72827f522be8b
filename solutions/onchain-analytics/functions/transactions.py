"""The number of a contract's transactions over time."""

from collections import Counter

from transfers import answer, transaction_of


def handler(event, context):
    return answer(event, (), transactions)


def transactions(transfers):
    """One of several transfers counts once. The sort key tells them apart: nothing else needs to be read."""
    starts = {transaction_of(transfer["timestamp"]): start for start, transfer in transfers}
    counted = Counter(starts.values())
    return {"transactions": len(starts)}, {start: {"transactions": count} for start, count in counted.items()}
