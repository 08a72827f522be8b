"""What is wrong with a pattern."""


class InvalidPattern(ValueError):
    """The text is not a filter pattern."""
