"""Numbers of up to 38 significant digits between 1E-130 and 9.9E+125, as DynamoDB keeps, prints and adds them."""

import re
from decimal import Context, Decimal, InvalidOperation

from .invalid import Invalid

DIGITS, LARGEST, SMALLEST = 38, 125, -130
_PLAIN = re.compile(r"-?[1-9][0-9]{0,37}|0").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII).fullmatch
_EXACT = Context(prec=1000, Emax=999_999, Emin=-999_999)


def normalized(text: str) -> str:
    """A number as DynamoDB prints it: no exponent, no superfluous zeros. Raises Invalid."""
    if _PLAIN(text):
        return text
    if not text:
        raise Invalid("The parameter cannot be converted to a numeric value")
    if not _NUMBER(text):
        raise Invalid(f"The parameter cannot be converted to a numeric value: {text}")
    try:
        return printed(Decimal(text))
    except InvalidOperation:
        too_small = "e-" in text.lower()
        raise Invalid(UNDERFLOW if too_small else OVERFLOW) from None


def printed(number: Decimal) -> str:
    """The text of a number that fits. Raises Invalid for one that does not."""
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise Invalid(OVERFLOW)
    significant = "".join(map(str, digits)).strip("0")
    if not significant:
        return "0"
    adjusted = number.adjusted()
    if adjusted > LARGEST:
        raise Invalid(OVERFLOW)
    if adjusted < SMALLEST:
        raise Invalid(UNDERFLOW)
    if len(significant) > DIGITS:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.lstrip("+")


OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"


def add(left: str, right: str) -> str:
    return printed(_EXACT.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    return printed(_EXACT.subtract(Decimal(left), Decimal(right)))


def size_bytes(text: str) -> int:
    """What a printed number counts: a byte for two significant digits before and after the point, one more, and one for
    a minus."""
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = whole.lstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    elif not whole:
        fraction = fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (text[0] == "-")
