"""The refusal of everything that is not a value or an expression."""


class Invalid(Exception):
    """What DynamoDB does not accept; the message is DynamoDB's."""


class WrongValue(Invalid):
    """A placeholder stands for a value that is none; some tell of it by its `reason` alone."""

    def __init__(self, message: str, reason: str):
        super().__init__(message)
        self.reason = reason


class NoValue(Invalid):
    """What is not even a value, since it has no type or more than one."""
