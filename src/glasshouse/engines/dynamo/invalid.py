"""The refusal of everything that is not a value or an expression."""


class Invalid(Exception):
    """What DynamoDB does not accept; the message is DynamoDB's."""


class NoValue(Invalid):
    """What is not even a value, since it has no type or more than one."""
