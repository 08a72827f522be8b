"""Tables for the tests of DynamoDB."""

ONE = "1 validation error detected: "  # before what is wrong with a request by itself
WRONG = "One or more parameter values were invalid: "
MISMATCH = "The provided key element does not match the schema"


def make_table(dynamodb, name="things", sort=None, partition="p", kind="S", sort_kind="S", attributes=(), **more):
    """A table that is ready: keys `p` and, if asked for, `s`."""
    kinds = {partition: kind, **({sort: sort_kind} if sort else {}), **dict(attributes)}
    schema = [{"AttributeName": partition, "KeyType": "HASH"}]
    if sort:
        schema.append({"AttributeName": sort, "KeyType": "RANGE"})
    made = dynamodb.create_table(
        TableName=name,
        KeySchema=schema,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": of} for key, of in kinds.items()],
        **{"BillingMode": "PAY_PER_REQUEST", **more},
    )
    wait_until_active(dynamodb, name)
    return made["TableDescription"]


def wait_until_active(dynamodb, name="things"):
    waiter = dynamodb.get_waiter("table_exists")
    waiter.config.delay = 0.02
    waiter.config.max_attempts = 250
    waiter.wait(TableName=name)


def index(name, partition, sort=None, projection="ALL", **more):
    """The definition of an index."""
    schema = [{"AttributeName": partition, "KeyType": "HASH"}]
    if sort:
        schema.append({"AttributeName": sort, "KeyType": "RANGE"})
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": projection, **more}}


def refusal(call, **params):
    """(code, message) of a call that is refused."""
    try:
        call(**params)
    except Exception as failure:
        error = getattr(failure, "response", {}).get("Error", {})
        return error.get("Code"), error.get("Message")
    return None, None
