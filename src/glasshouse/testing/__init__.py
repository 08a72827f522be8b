"""Glasshouse in unit tests: a cloud that lives in the test's own process, on a port of its own, and keeps nothing.

    from glasshouse.testing import cloud

    with cloud() as aws:
        aws.client("s3").create_bucket(Bucket="photos")
        aws.clock.advance(days=4)

Nothing outside the block changes, unless `env=True` asks for it. With pytest the same is the fixture `cloud`.
"""

from glasshouse.testing.aws import Aws, Clock, cloud

__all__ = ["Aws", "Clock", "cloud"]
