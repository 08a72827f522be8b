"""What is wrong with a query."""


class InvalidQuery(ValueError):
    """The text is not a query; `position` counts characters from its start."""

    def __init__(self, message: str, position: int):
        super().__init__(message)
        self.position = position
