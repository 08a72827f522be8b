"""What is wrong with an expression."""


class Invalid(Exception):
    """The expression cannot be read, or its parts do not fit."""


class Unsupported(Exception):
    """The expression uses a function that CloudWatch has and this engine has not."""
