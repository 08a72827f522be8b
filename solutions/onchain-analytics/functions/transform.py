"""Firehose's transformation: a transfer as the chain tells it becomes a flat record with a date, a time and decimals.

A record that is none is handed back as `ProcessingFailed`; Firehose sets it aside, and goes on with the others.
"""

import base64
import json
import re
from datetime import datetime, timezone
from decimal import Context, Decimal

COIN_DECIMALS = 18
AMOUNTS = ("transaction_value", "transfer_value")
NUMBERS = ("block_number", "transaction_gas", "transaction_gas_price", "transaction_nonce", "transfer_log_index")
HEX = re.compile("0x[0-9a-fA-F]+")
EXACT = Context(prec=80)  # a number of 256 bits has up to 78 digits


def handler(event, context):
    records = [transformed(record) for record in event["records"]]
    failed = sum(record["result"] == "ProcessingFailed" for record in records)
    print(f"{len(records)} records, of which {failed} failed")
    return {"records": records}


def transformed(record):
    """What Firehose asks for: the same record id, the result and the data."""
    try:
        line = json.dumps(flat(json.loads(base64.b64decode(record["data"])))) + "\n"
    except (ValueError, LookupError, TypeError, AttributeError) as failure:
        print(f"Record {record['recordId']}: {type(failure).__name__}: {failure}")
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
    return {"recordId": record["recordId"], "result": "Ok", "data": base64.b64encode(line.encode()).decode()}


def flat(told):
    """A transfer, flat: `{"block": {"number": "0x10"}}` becomes `{"block_number": 16}`.

    One contract sees several transfers in a second, so the sort key goes on where the time ends: after it come the
    transaction and the place of the transfer within its block. It still sorts by time, and says each transfer once.
    """
    found = dict(leaves(told))
    found.update({name: number(found[name]) for name in NUMBERS})
    decimals = {"transaction_value": COIN_DECIMALS, "transfer_value": found["token_decimals"]}
    found.update({name: amount(found[name], decimals[name]) for name in AMOUNTS})
    found["time"] = time(found.pop("block_timestamp"))
    found["timestamp"] = "{time}#{transaction_hash}#{transfer_log_index:04}".format(**found)
    for name in ("address", "transaction_hash", "transfer_from", "transfer_to"):
        number(found[name])
    return found


def leaves(told, path=""):
    """(name, value) of all that is nested in an object."""
    for name, value in told.items():
        name = path + re.sub("([A-Z])", r"_\1", name).lower()
        if isinstance(value, dict):
            yield from leaves(value, f"{name}_")
        else:
            yield name, value


def number(text):
    """`0x1f` is 31. What is not in hexadecimal is no number of the chain's."""
    if not HEX.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not in hexadecimal")
    return int(text, 16)


def amount(text, decimals):
    """Of tokens or coins: contracts count in the smallest fraction. As a text, which loses no digit on its way."""
    return format(Decimal(number(text)).scaleb(-decimals, EXACT).normalize(EXACT), "f")


def time(epoch):
    if not isinstance(epoch, int):
        raise ValueError(f"{epoch!r} is not an epoch second")
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
