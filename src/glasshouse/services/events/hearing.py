"""What services tell: their facts become the events that AWS documents for them."""


class Hearing:
    """Facts of other services as events on the default bus."""

    def _listen_to_services(self):
        pass
