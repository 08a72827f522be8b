"""Aliases: names that lead to a version, or to two of them by weight."""

from collections.abc import Mapping
from typing import Any

from glasshouse.core import ids
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
    outdated,
)
from glasshouse.services.lambda_.functions import PAGE
from glasshouse.services.lambda_.records import LATEST, Alias, Function


class Aliases:
    """The operations on aliases."""

    def create_alias(
        self, function_name: str, name: str, function_version: str, description: str = "",
        routing_config: dict | None = None,
    ):  # fmt: skip
        reference = self._unqualified(function_name)
        function = self._functions_at(reference).get(reference.name)
        if function is None:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}:{function_version}")
        self._check_version(function, function_version)
        alias_arn = f"{function.arn}:{name}"
        if self._aliases_of(function).get(function.name, name):
            raise ResourceConflictException(f"Alias already exists: {alias_arn}")
        weights = self._weights(function, function_version, routing_config)
        alias = Alias(function.name, name, alias_arn, function_version, ids.uuid(), description, weights)
        self.state("AliasCreated", arn=alias_arn)
        return self._aliases_of(function).put(alias)

    def get_alias(self, function_name: str, name: str):
        return self._alias(self._function(self._unqualified(function_name)), name)

    def list_aliases(
        self, function_name: str, function_version: str | None = None, marker: str | None = None, max_items: int = PAGE
    ):
        function = self._function(self._unqualified(function_name))

        def wanted(alias: Alias) -> bool:
            return function_version in (None, alias.function_version) or function_version in alias.weights

        table = self._aliases_of(function)
        found, token = table.page(min(max_items, PAGE), marker, function.name, where=wanted)
        return {"Aliases": found, "NextMarker": token}

    def update_alias(
        self, function_name: str, name: str, function_version: str | None = None, description: str | None = None,
        routing_config: dict | None = None, revision_id: str | None = None,
    ):  # fmt: skip
        function = self._function(self._unqualified(function_name))
        alias = self._alias(function, name)
        if revision_id and revision_id != alias.revision_id:
            raise outdated()
        if function_version is not None:
            self._check_version(function, function_version)
            alias.function_version = function_version
        if description is not None:
            alias.description = description
        if routing_config is not None:
            alias.weights = self._weights(function, alias.function_version, routing_config)
        elif alias.function_version in alias.weights:
            raise already_included(alias.function_version)
        alias.revision_id = ids.uuid()
        self.state("AliasUpdated", arn=alias.alias_arn)
        return self._aliases_of(function).put(alias)

    def delete_alias(self, function_name: str, name: str):
        function = self._function(self._own(self._unqualified(function_name)))
        alias = self._aliases_of(function).get(function.name, name)
        if alias is not None:
            self._aliases_of(function).delete(alias)
            self._forget_qualifier(function.name, name)
            self.state("AliasDeleted", arn=alias.alias_arn)

    def _alias(self, function: Function, name: str) -> Alias:
        alias = self._aliases_of(function).get(function.name, name)
        if alias is None:
            raise ResourceNotFoundException(f"Cannot find alias arn: {function.arn}:{name}")
        return alias

    def _aliases_of(self, function: Function):
        return self.aliases.within(account=function.account)

    def _check_version(self, function: Function, version: str):
        number = 0 if version == LATEST else int(version) if version.isdecimal() else -1
        if number < 0 or self.configurations.within(account=function.account).get(function.name, number) is None:
            raise ResourceNotFoundException(f"Function not found: {function.arn}:{version}")

    def _weights(self, function: Function, version: str, routing: Mapping[str, Any] | None) -> dict[str, float]:
        """The weights of further versions. Raises InvalidParameterValueException."""
        weights = (routing or {}).get("AdditionalVersionWeights") or {}
        if len(weights) > 1:
            raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
        for further in weights:
            if version == further:
                raise already_included(version)
            if version == LATEST:
                raise InvalidParameterValueException(
                    "$LATEST is not supported for an alias pointing to more than 1 version", Type=None
                )
            self._check_version(function, further)
        return dict(weights)


def already_included(version: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Invalid function version {version}. Function version {version} is already included in routing configuration."
    )
