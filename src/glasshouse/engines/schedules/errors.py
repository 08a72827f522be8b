"""What is wrong with a schedule."""


class InvalidSchedule(ValueError):
    """An expression that is no schedule."""
