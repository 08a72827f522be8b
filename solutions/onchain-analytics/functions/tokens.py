"""The number of tokens that were exchanged over time, and the value that was paid in the chain's coin."""

from collections import defaultdict
from decimal import Context, Decimal

from transfers import answer, transaction_of

EXACT = Context(prec=80)


def handler(event, context):
    return answer(event, ("transfer_value", "transaction_value"), tokens)


def tokens(transfers):
    """A transaction of several transfers was paid once."""
    moved, paid = defaultdict(Decimal), defaultdict(Decimal)
    transaction = None
    for start, transfer in transfers:
        moved[start] = EXACT.add(moved[start], Decimal(transfer["transfer_value"]))
        if transaction != transaction_of(transfer["timestamp"]):
            transaction = transaction_of(transfer["timestamp"])
            paid[start] = EXACT.add(paid[start], Decimal(transfer["transaction_value"]))
    total = {"tokens": written(total_of(moved)), "value": written(total_of(paid))}
    return total, {start: {"tokens": written(moved[start]), "value": written(paid[start])} for start in moved}


def total_of(amounts):
    total = Decimal(0)
    for amount in amounts.values():
        total = EXACT.add(total, amount)
    return total


def written(amount):
    """All digits, and no exponent."""
    return format(amount.normalize(EXACT), "f")
