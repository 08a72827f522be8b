"""Versions: what was `$LATEST` when it was published, kept for good."""

from dataclasses import replace

from glasshouse.core import ids
from glasshouse.services.lambda_.errors import InvalidParameterValueException
from glasshouse.services.lambda_.functions import CREATING, PAGE
from glasshouse.services.lambda_.records import Configuration, Function
from glasshouse.services.lambda_.showing import in_list, shown


class Versions:
    """The operations on published versions."""

    def publish_version(
        self, function_name: str, code_sha256: str | None = None, description: str | None = None,
        revision_id: str | None = None,
    ):  # fmt: skip
        function, latest = self._changeable(self._unqualified(function_name), revision_id)
        if code_sha256 and code_sha256 != latest.code.sha256:
            raise InvalidParameterValueException(
                f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST ({latest.code.sha256})."
                " Please try again with the CodeSHA256 in $LATEST."
            )
        published = self._publish(function, latest, description)
        return shown(published, published.function_arn, self._shown_environment(published))

    def list_versions_by_function(self, function_name: str, marker: str | None = None, max_items: int = PAGE):
        function = self._function(self._reference(function_name))
        table = self.configurations.within(account=function.account)
        found, token = table.page(min(max_items, PAGE), marker, function.name)
        listed = [in_list(one, one.qualified_arn, self._shown_environment(one)) for one in found]
        return {"Versions": listed, "NextMarker": token}

    def _publish(self, function: Function, latest: Configuration, description: str | None = None) -> Configuration:
        """A new version of `$LATEST`; the last one if nothing has changed since."""
        table = self.configurations.within(account=function.account)
        last = table.get(function.name, function.published) if function.published else None
        if last is not None and last.build == latest.build:
            return last
        function.published += 1
        version = replace(latest, number=function.published, revision_id=ids.uuid(), modified=self.now)
        # What is settled is active as a version at once, unless there is a snapshot to be taken of it.
        settled = latest.last_update_status == "Successful" and not latest.takes_snapshots
        if not settled:
            version.state, version.state_reason, version.state_reason_code = "Pending", *CREATING.values()
            version.last_update_status = None
            version.last_update_status_reason = version.last_update_status_reason_code = None
        if description is not None:
            version.description = description
        for package in (version.code, *(layer.code for layer in version.layers)):
            if package is not None:
                self.cloud.blobs.hold(package.blob)
        latest.revision_id = ids.uuid()
        self.functions.within(account=function.account).put(function)
        table.put(latest)
        table.put(version)
        if not settled:
            self._settle_later(version)
        self.state("VersionPublished", arn=version.function_arn)
        return version
