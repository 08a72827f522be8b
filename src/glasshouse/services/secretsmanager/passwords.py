"""Random passwords."""

import string

from glasshouse.core import ids
from glasshouse.services.secretsmanager.errors import InvalidParameterException

LOWERCASE, UPPERCASE, NUMBERS = string.ascii_lowercase, string.ascii_uppercase, string.digits
PUNCTUATION = string.punctuation


class Passwords:
    """GetRandomPassword."""

    def get_random_password(
        self,
        password_length: int = 32,
        exclude_characters: str = "",
        exclude_numbers: bool = False,
        exclude_punctuation: bool = False,
        exclude_uppercase: bool = False,
        exclude_lowercase: bool = False,
        include_space: bool = False,
        require_each_included_type: bool = True,
    ):
        offered = (
            (LOWERCASE, not exclude_lowercase),
            (UPPERCASE, not exclude_uppercase),
            (NUMBERS, not exclude_numbers),
            (PUNCTUATION, not exclude_punctuation),
            (" ", include_space),
        )
        kept = [_without(alphabet, exclude_characters) for alphabet, included in offered if included]
        types = [alphabet for alphabet in kept if alphabet]
        if not types:
            raise InvalidParameterException("All characters are excluded from the password.")
        required = [ids.choose(alphabet) for alphabet in types] if require_each_included_type else []
        if len(required) > password_length:
            raise InvalidParameterException(
                f"Password length {password_length} is too short based on the required types."
            )
        rest = ids.token(password_length - len(required), "".join(types))
        return {"RandomPassword": _mixed(required + list(rest))}


def _without(alphabet: str, excluded: str) -> str:
    return "".join(character for character in alphabet if character not in excluded)


def _mixed(characters: list[str]) -> str:
    """In an order that says nothing of which were required (Fisher and Yates)."""
    for last in range(len(characters) - 1, 0, -1):
        other = int(ids.random_fraction() * (last + 1))
        characters[last], characters[other] = characters[other], characters[last]
    return "".join(characters)
