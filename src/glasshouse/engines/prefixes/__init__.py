"""Prefixes of object names, with expressions that are evaluated when an object is written:

    prefix = Prefix.parse("data/!{timestamp:yyyy/MM/dd}/!{firehose:random-string}/")
    prefix.evaluate(Setting(moment, random=lambda: "046b6c7f0b1"))

`template` takes a prefix apart, `dates` formats a moment by the patterns of Java's DateTimeFormatter
(https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html).
"""

from .dates import InvalidPattern, formatted
from .template import Expression, InvalidPrefix, Prefix, Setting

__all__ = ["Expression", "InvalidPattern", "InvalidPrefix", "Prefix", "Setting", "formatted"]
