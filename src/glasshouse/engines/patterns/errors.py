"""What is wrong with a pattern."""


class InvalidPattern(ValueError):
    """A document that is no pattern; the message is the one of AWS's Event Ruler."""
