"""Layers: archives that functions share, in numbered versions."""

import re
from collections.abc import Iterator

from glasshouse.core import ServiceError
from glasshouse.core.table import make_token, read_token
from glasshouse.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.lambda_.functions import PAGE
from glasshouse.services.lambda_.packages import check_whole_size
from glasshouse.services.lambda_.records import Configuration, Layer, LayerName, LayerVersion
from glasshouse.services.lambda_.runtimes import CURRENT, KNOWN

LAYER = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[^:]+):(?P<account>\d{12}):layer:(?P<name>[a-zA-Z0-9-_]+)(:(?P<version>\d+))?"
)
MOST_LAYERS = 5
ARCHITECTURES = ("x86_64", "arm64")


class Layers:
    """The operations on layers, and what functions take of them."""

    def publish_layer_version(
        self, layer_name: str, content: dict, description: str = "", compatible_runtimes: list | None = None,
        license_info: str | None = None, compatible_architectures: list | None = None,
    ):  # fmt: skip
        name = self._own_layer(layer_name)
        check_compatible(compatible_runtimes or [], compatible_architectures or [])
        code = self._package(content, "PublishLayerVersion")
        layer = self.layers.get(name) or LayerName(name, self.call.arn(f"layer:{name}"))
        layer.published += 1
        version = LayerVersion(
            name, layer.published, layer.layer_arn, code, self.now, description, license_info, compatible_runtimes,
            compatible_architectures,
        )  # fmt: skip
        self.layers.put(layer)
        self.layer_versions.put(version)
        self.state("LayerVersionPublished", arn=version.layer_version_arn)
        return self._shown_layer(version)

    def get_layer_version(self, layer_name: str, version_number: int):
        return self._shown_layer(self._layer_version(layer_name, version_number))

    def get_layer_version_by_arn(self, arn: str):
        found = self._layer_by_arn(arn)
        if found is None:
            raise ResourceNotFoundException()
        return self._shown_layer(found)

    def list_layers(
        self, compatible_runtime: str | None = None, compatible_architecture: str | None = None,
        marker: str | None = None, max_items: int = PAGE,
    ):  # fmt: skip
        def latest(name: str) -> LayerVersion | None:
            return next(self._matching(name, compatible_runtime, compatible_architecture), None)

        found, token = self.layers.page(
            min(max_items, PAGE), marker, where=lambda layer: latest(layer.layer_name) is not None
        )
        listed = [
            {"LayerName": one.layer_name, "LayerArn": one.layer_arn, "LatestMatchingVersion": latest(one.layer_name)}
            for one in found
        ]
        return {"Layers": listed, "NextMarker": token}

    def list_layer_versions(
        self, layer_name: str, compatible_runtime: str | None = None, compatible_architecture: str | None = None,
        marker: str | None = None, max_items: int = PAGE,
    ):  # fmt: skip
        below, limit = read_token(marker), min(max_items, PAGE)
        account, region, name = self._layer_place(layer_name)
        versions = [
            version
            for version in self._matching(name, compatible_runtime, compatible_architecture, account, region)
            if not below or version.version < int(below)
        ]
        more = len(versions) > limit
        return {
            "LayerVersions": versions[:limit],
            "NextMarker": make_token(str(versions[limit - 1].version)) if more else None,
        }

    def delete_layer_version(self, layer_name: str, version_number: int):
        check_number(version_number)
        account, region, name = self._layer_place(layer_name)
        table = self.layer_versions.within(account, region)
        version = table.get(name, version_number)
        if version is not None:
            self.cloud.blobs.drop(version.code.blob)
            table.delete(version)
            self.state("LayerVersionDeleted", arn=version.layer_version_arn)

    # What functions take

    def _set_layers(self, configuration: Configuration, arns: list[str]):
        """Give a function these layers instead of its own. Raises what AWS says of impossible ones."""
        if len(arns) > MOST_LAYERS:
            raise InvalidParameterValueException("Cannot reference more than 5 layers.")
        before = {layer.arn: layer for layer in configuration.layers}
        layers, seen = [], {}
        for arn in arns:
            layer_arn = arn.rpartition(":")[0]
            if layer_arn in seen:
                raise InvalidParameterValueException(
                    "Two different versions of the same layer are not allowed to be referenced in the same function."
                    f" {seen[layer_arn]} and {arn} are versions of the same layer."
                )
            seen[layer_arn] = arn
            # A function may keep a layer whose version has been deleted since.
            layers.append(before[arn] if arn in before else self._taken_layer(arn))
        for layer in configuration.layers:
            if layer.arn not in arns and layer.code is not None:
                self.cloud.blobs.drop(layer.code.blob)
        configuration.layers = layers
        check_whole_size(configuration)

    def _taken_layer(self, arn: str) -> Layer:
        public = self._public_layer(arn)
        if public is not None:
            return public
        read = LAYER.fullmatch(arn)
        own = read is not None and read["account"] == self.call.account
        if own and read["region"] != self.call.region:
            raise InvalidParameterValueException(
                "Layers are not in the same region as the function. Layers are expected to be in region"
                f" {self.call.region}."
            )
        try:
            self.aws.as_caller().lambda_.get_layer_version_by_arn(Arn=arn)
        except ResourceNotFoundException:
            if own:
                raise InvalidParameterValueException(f"Layer version {arn} does not exist.") from None
            raise _layer_denied(self.call.principal.arn, arn) from None
        except ServiceError as failure:
            raise AccessDeniedException(failure.message) from None
        version = self._layer_by_arn(arn)
        if version is None or read["region"] != self.call.region:
            raise _layer_denied(self.call.principal.arn, arn)
        self.cloud.blobs.hold(version.code.blob)
        return Layer(arn, version.code.size, version.code)

    # Finding layers

    def _layer_place(self, layer_name: str) -> tuple[str, str, str]:
        """(account, region, name) of a layer's name or ARN."""
        read = LAYER.fullmatch(layer_name)
        return (
            (read["account"], read["region"], read["name"])
            if read
            else (self.call.account, self.call.region, layer_name)
        )

    def _own_layer(self, layer_name: str) -> str:
        account, region, name = self._layer_place(layer_name)
        if (account, region) != (self.call.account, self.call.region):
            raise AccessDeniedException()
        return name

    def _layer_version(self, layer_name: str, number: int) -> LayerVersion:
        check_number(number)
        account, region, name = self._layer_place(layer_name)
        version = self.layer_versions.within(account, region).get(name, number)
        if version is None:
            raise ResourceNotFoundException()
        return version

    def _layer_by_arn(self, arn: str) -> LayerVersion | None:
        read = LAYER.fullmatch(arn)
        if read is None or not read["version"]:
            return None
        return self.layer_versions.within(read["account"], read["region"]).get(read["name"], int(read["version"]))

    def _matching(
        self, name: str, runtime: str | None, architecture: str | None, account: str | None = None,
        region: str | None = None,
    ) -> Iterator[LayerVersion]:  # fmt: skip
        """The versions of a layer that say they fit, the last one first."""
        for version in reversed(list(self.layer_versions.within(account, region).list(name))):
            fits = runtime is None or runtime in (version.compatible_runtimes or ())
            if fits and (architecture is None or architecture in (version.compatible_architectures or ())):
                yield version

    def _shown_layer(self, version: LayerVersion) -> dict:
        path = f"{version.layer_arn.split(':')[4]}/{version.layer_name}-{version.version}"
        content = {
            "Location": self._location(version.code, path),
            "CodeSha256": version.code.sha256,
            "CodeSize": version.code.size,
        }
        return {
            "Content": content,
            "LayerArn": version.layer_arn,
            "LayerVersionArn": version.layer_version_arn,
            "Description": version.description,
            "CreatedDate": version.created_date,
            "Version": version.version,
            "CompatibleArchitectures": version.compatible_architectures,
            "CompatibleRuntimes": version.compatible_runtimes,
            "LicenseInfo": version.license_info,
        }


def check_compatible(runtimes: list[str], architectures: list[str]):
    """Raises ValidationException, whose list of runtimes is printed as if it were one value."""
    found = []
    if any(runtime not in KNOWN for runtime in runtimes):
        found.append(
            f"Value '[{', '.join(runtimes)}]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy"
            f" enum value set: [{', '.join(CURRENT)}]"
        )
    if any(architecture not in ARCHITECTURES for architecture in architectures):
        found.append(
            f"Value '[{', '.join(architectures)}]' at 'compatibleArchitectures' failed to satisfy constraint: Member"
            f" must satisfy constraint: [Member must satisfy enum value set: [{', '.join(ARCHITECTURES)}], Member must"
            " not be null]"
        )
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        raise ValidationException(count + "; ".join(found))


def check_number(number: int):
    if number < 1:
        raise InvalidParameterValueException("Layer Version Cannot be less than 1")


def _layer_denied(principal: str, arn: str) -> AccessDeniedException:
    return AccessDeniedException(
        f"User: {principal} is not authorized to perform: lambda:GetLayerVersion on resource: {arn} because no"
        " resource-based policy allows the lambda:GetLayerVersion action"
    )
