"""Finding a function, and what of it can be run, by any of the names it may be called by.

A function is called by its name, its ARN or a part of that (`123456789012:function:name`), each of which may end in a
qualifier: a version, `$LATEST` or an alias.
"""

import re
from dataclasses import dataclass

from glasshouse.core import ids
from glasshouse.core.call import arn
from glasshouse.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
    violation,
)
from glasshouse.services.lambda_.records import LATEST, Alias, Configuration, Function

NAMED = re.compile(
    r"(?:(?P<partition>arn:aws[a-zA-Z-]*:lambda):)?(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9-_.]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
VERSION = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A function as somebody calls it; `qualifier` is None where none was said."""

    account: str
    region: str
    name: str
    qualifier: str | None

    @property
    def unqualified_arn(self) -> str:
        return arn("lambda", f"function:{self.name}", self.region, self.account)

    @property
    def arn(self) -> str:
        return f"{self.unqualified_arn}:{self.qualifier}" if self.qualifier else self.unqualified_arn


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference leads to: `arn` is the ARN it was called by, with the qualifier that was said."""

    reference: Reference
    function: Function
    configuration: Configuration
    alias: Alias | None = None

    @property
    def arn(self) -> str:
        return self.reference.arn


class Finding:
    """Reading references, and following them."""

    def _reference(self, function_name: str, qualifier: str | None = None) -> Reference:
        """What a FunctionName and a Qualifier say. Raises ResourceNotFoundException for an ARN of another region."""
        read = NAMED.fullmatch(function_name)
        if read is None:
            raise violation(
                function_name, "functionName", f"Member must satisfy regular expression pattern: {NAMED.pattern}"
            )
        region = read["region"] or self.call.region
        if region != self.call.region:
            raise ResourceNotFoundException(
                f"Functions from '{region}' are not reachable in this region ('{self.call.region}')"
            )
        said = read["qualifier"]
        if said and qualifier and said != qualifier:
            raise InvalidParameterValueException(
                "The derived qualifier from the function name does not match the specified qualifier."
            )
        return Reference(read["account"] or self.call.account, region, read["name"], said or qualifier or None)

    def _unqualified(self, function_name: str) -> Reference:
        """A reference for an operation on a function as a whole. Raises InvalidParameterValueException."""
        reference = self._reference(function_name)
        if reference.qualifier:
            raise InvalidParameterValueException(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this"
                " operation. Please specify either a function name or an unqualified function ARN."
            )
        return reference

    def _own(self, reference: Reference) -> Reference:
        """A reference to a function of the caller's account: others' are used here, not changed."""
        if reference.account != self.call.account:
            raise AccessDeniedException()
        return reference

    def _function(self, reference: Reference) -> Function:
        """Raises ResourceNotFoundException."""
        function = self._functions_at(reference).get(reference.name)
        if function is None:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}")
        return function

    def _target(self, reference: Reference, draw: bool = False) -> Target:
        """The configuration a reference leads to. `draw` lets the weights of an alias decide, as for an invocation.

        Raises ResourceNotFoundException.
        """
        function = self._function(reference)
        qualifier, alias = reference.qualifier or LATEST, None
        if qualifier != LATEST and not VERSION.fullmatch(qualifier):
            alias = self._aliases_at(reference).get(reference.name, qualifier)
            if alias is None:
                raise ResourceNotFoundException(f"Function not found: {reference.arn}")
            qualifier = drawn(alias) if draw else alias.function_version
        configuration = self._configurations_at(reference).get(reference.name, _number(qualifier))
        if configuration is None:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}")
        return Target(reference, function, configuration, alias)

    def _found(self, function_name: str, qualifier: str | None = None, draw: bool = False) -> Target:
        """`_target` of a FunctionName and a Qualifier."""
        return self._target(self._reference(function_name, qualifier), draw)

    def _latest(self, reference: Reference) -> Configuration:
        configuration = self._configurations_at(reference).get(reference.name, 0)
        if configuration is None:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}")
        return configuration

    def _functions_at(self, reference: Reference):
        return self.functions.within(reference.account, reference.region)

    def _configurations_at(self, reference: Reference):
        return self.configurations.within(reference.account, reference.region)

    def _aliases_at(self, reference: Reference):
        return self.aliases.within(reference.account, reference.region)


def drawn(alias: Alias) -> str:
    """One of an alias's versions, by their weights."""
    left = ids.random_fraction()
    for version, weight in alias.weights.items():
        left -= weight
        if left < 0:
            return version
    return alias.function_version


def _number(version: str) -> int:
    return 0 if version == LATEST else int(version)
