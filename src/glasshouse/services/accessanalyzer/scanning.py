"""Scans: the cloud's resources looked at, and the findings brought in step with what is found.

An analyzer looks at everything when it is created and once a day, at a resource when the service that has it tells of
a change, and when it is asked to. Nothing is analyzed again that has not changed.

Differs from AWS: changes are seen at once, not within half an hour. Findings keep their id when what they tell of
comes again.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from glasshouse.core import ids, on
from glasshouse.services.accessanalyzer import external
from glasshouse.services.accessanalyzer.kinds import KIND_OF, KINDS, Resource, arns_of, existing, kind_of_arn, pages
from glasshouse.services.accessanalyzer.records import AnalyzedResource, Analyzer, Finding
from glasshouse.services.accessanalyzer.unused import (
    UNUSED_CREDENTIALS,
    UNUSED_KINDS,
    Unused,
    is_written,
    old_entities,
    start_report,
    unused_access,
    unused_permissions,
)

if TYPE_CHECKING:
    from glasshouse.engines.policy.outsiders import Zone

DAY_S = 86_400
RESOLVED_KEPT_S = 90 * DAY_S
PORTION = 10
EXTERNAL = ("ExternalAccess",)


class Scanning:
    """The jobs of analyzers."""

    def _scan_soon(self, name: str):
        analyzer = self._analyzer(name)
        kinds = [kind.type for kind in KINDS] if analyzer.is_external else UNUSED_KINDS
        for kind in kinds:
            self.later("_scan", key=f"scan {kind} {name}", analyzer_name=name, kind=kind)

    def _cancel_scans(self, name: str):
        for kind in (*KIND_OF, *UNUSED_KINDS):
            self.cancel(f"scan {kind} {name}")

    def _scan(self, analyzer_name: str, kind: str):
        """Look at all resources of a kind; again tomorrow."""
        analyzer = self.analyzers.get(analyzer_name)
        if analyzer is None:
            return
        self.later("_scan", after=DAY_S, key=f"scan {kind} {analyzer_name}", analyzer_name=analyzer_name, kind=kind)
        if analyzer.is_external:
            self._scan_external(analyzer, kind)
        else:
            self._scan_unused(analyzer, kind)
        self._forget_resolved(analyzer)

    def _scan_external(self, analyzer: Analyzer, kind: str):
        for account in self._zone(analyzer).accounts:
            aws = self.aws(account=account)
            there = arns_of(KIND_OF[kind], aws, account, self.call.region)
            known = [one for one in self.resources.list(analyzer.name) if one.resource_type == kind]
            gone = {one.resource_arn for one in known if one.resource_owner_account == account} - {*there}
            arns = [*there, *sorted(gone)]
            for start in range(0, len(arns), PORTION):
                some = arns[start : start + PORTION]
                self.later("_scan_some", analyzer_name=analyzer.name, arns=some, account=account)

    def _scan_some(self, analyzer_name: str, arns: list[str], account: str):
        """A portion of a scan: between them, calls are answered."""
        analyzer = self.analyzers.get(analyzer_name)
        for arn in arns if analyzer else ():
            self._look_at(analyzer, arn, account)

    def _look_at(self, analyzer: Analyzer, arn: str, account: str):
        """Analyze one resource, if it has changed since."""
        kind = kind_of_arn(arn)
        resource = existing(kind, self.aws(account=account), arn, account) if kind else None
        known = self.resources.get(analyzer.name, arn)
        if resource is None:
            if known:
                self.resources.delete(known)
                self._reconcile(analyzer, arn, [])
            return
        zone = self._zone(analyzer)
        digest = resource.digest(zone)
        if known and known.digest == digest:
            known.analyzed_at = self.now
            self.resources.put(known)
        else:
            self._analyze(analyzer, resource, zone, digest, known)
        analyzer.last_resource_analyzed, analyzer.last_resource_analyzed_at = arn, self.now
        self.analyzers.put(analyzer)

    def _analyze(
        self,
        analyzer: Analyzer,
        resource: Resource,
        zone: "Zone",
        digest: str,
        known: AnalyzedResource | None,
    ):
        found = [self._finding(analyzer, resource, access) for access in external.external_access(resource, zone)]
        self._reconcile(analyzer, resource.arn, found)
        sources = sorted({source["type"] for finding in found for source in finding.sources or ()})
        self.resources.put(
            AnalyzedResource(
                analyzer.name, resource.arn, resource.type, resource.owner, known.created_at if known else self.now,
                self.now, self.now, digest, any(finding.is_public for finding in found),
                sorted({action for finding in found for action in finding.action or ()}) or None, sources or None,
                "ACTIVE" if found else None,
            )
        )  # fmt: skip

    def _finding(self, analyzer: Analyzer, resource: Resource, access: external.Access) -> Finding:
        return Finding(
            analyzer.name, ids.uuid_of(analyzer.arn, f"{resource.arn} {access.identity}"), resource.arn, resource.type,
            resource.owner, "ExternalAccess", self.now, self.now, self.now, "ACTIVE", access.principal,
            sorted(access.actions), access.condition, access.is_public,
            [{"type": access.source}] if access.source else None,
        )  # fmt: skip

    # Unused access

    def _scan_unused(self, analyzer: Analyzer, kind: str):
        since, rule = self._unused_rule(analyzer)
        found = list(unused_access(self.aws, self.call.account, kind, since, rule))
        self._reconcile_unused(analyzer, kind, found, UNUSED_CREDENTIALS)
        idle = {unused.resource for unused in found if unused.finding_type == "UnusedIAMRole"}
        entities = old_entities(self.aws, self.call.account, kind, since, rule)
        jobs = {arn: start_report(self.aws, arn) for arn in entities if arn not in idle}
        self.later("_scan_permissions", analyzer_name=analyzer.name, kind=kind, jobs=jobs)

    def _scan_permissions(self, analyzer_name: str, kind: str, jobs: dict):
        """Services that policies allow and that are not used, by the reports of IAM's access advisor."""
        analyzer = self.analyzers.get(analyzer_name)
        if analyzer is None:
            return
        if not all(is_written(self.aws, job) for job in jobs.values()):
            self.later("_scan_permissions", after=1, analyzer_name=analyzer_name, kind=kind, jobs=jobs)
            return
        since, _ = self._unused_rule(analyzer)
        found = [unused for arn, job in jobs.items() for unused in unused_permissions(self.aws, arn, job, since)]
        self._reconcile_unused(analyzer, kind, found, ("UnusedPermission",))

    def _unused_rule(self, analyzer: Analyzer) -> tuple[float, dict]:
        """Since when something must have been used, and what is left out."""
        told = (analyzer.configuration or {})["unusedAccess"]
        return self.now - told["unusedAccessAge"] * DAY_S, told.get("analysisRule") or {}

    def _reconcile_unused(self, analyzer: Analyzer, kind: str, unused: list[Unused], types: tuple[str, ...]):
        found: dict[str, list[Finding]] = {}
        for one in unused:
            identity = ids.uuid_of(analyzer.arn, f"{one.resource} {one.finding_type} {one.name}")
            finding = Finding(
                analyzer.name, identity, one.resource, kind, self.call.account, one.finding_type, self.now,
                self.now, self.now, details=one.details,
            )  # fmt: skip
            found.setdefault(one.resource, []).append(finding)
        before = {one.resource for one in self.findings.list(analyzer.name) if one.resource_type == kind}
        for arn in sorted({*found, *before}):
            self._reconcile(analyzer, arn, found.get(arn, []), types)

    # Findings in step

    def _reconcile(self, analyzer: Analyzer, arn: str, found: list[Finding], types: tuple[str, ...] = EXTERNAL):
        """New findings become active, those that changed are updated, those that are no more are resolved."""
        of_resource = self.findings.list(analyzer.name, arn)
        known = {one.id: one for one in of_resource if one.finding_type in types}
        for finding in found:
            self._keep(analyzer, finding, known.pop(finding.id, None))
        for finding in known.values():
            finding.analyzed_at = self.now
            self._set_status(finding, "RESOLVED")

    def _keep(self, analyzer: Analyzer, finding: Finding, known: Finding | None):
        if known is not None:
            finding.created_at = known.created_at
            if known.status != "RESOLVED":
                finding.status = known.status
            if _content(known) == _content(finding):
                finding.updated_at = known.updated_at
        if (known is None or known.status == "RESOLVED") and self._is_archived(analyzer.name, finding):
            finding.status = "ARCHIVED"
        self.findings.put(finding)

    def _set_status(self, finding: Finding, status: str):
        if finding.status != status:
            finding.status, finding.updated_at = status, self.now
        self.findings.put(finding)

    def _forget_resolved(self, analyzer: Analyzer):
        """Resolved findings are deleted after 90 days."""
        for finding in list(self.findings.list(analyzer.name)):
            if finding.status == "RESOLVED" and finding.updated_at < self.now - RESOLVED_KEPT_S:
                self.findings.delete(finding)

    # Who is trusted

    def _zone(self, analyzer: Analyzer) -> "Zone":
        """Asked for once in a call."""
        if analyzer.name not in self._zones:
            self._zones[analyzer.name] = self._make_zone(analyzer)
        return self._zones[analyzer.name]

    @cached_property
    def _zones(self) -> "dict[str, Zone]":
        return {}

    def _make_zone(self, analyzer: Analyzer) -> "Zone":
        """The account, or all accounts of its organization."""
        from glasshouse.engines.policy.outsiders import Zone

        account = self.call.account
        if analyzer.type != "ORGANIZATION":
            return Zone((account,), None, self._canonical_ids([account]))
        organization = self.aws.organizations.describe_organization()["Organization"]
        accounts = pages(self.aws.organizations.list_accounts, "Accounts", "NextToken", "NextToken")
        members = sorted(account["Id"] for account in accounts)
        return Zone(tuple(members), organization["Id"], self._canonical_ids(members))

    def _canonical_ids(self, accounts: list[str]) -> tuple[str, ...]:
        """S3's names for accounts."""
        return tuple(self.aws(account=account).s3.list_buckets()["Owner"]["ID"] for account in accounts)

    # What the services tell

    @on("iam.RoleChanged")
    def _on_role(self, arn: str):
        self._changed(arn)

    @on("s3.BucketAccessChanged")
    def _on_bucket(self, arn: str, account: str, region: str):
        self._changed(arn, account, region)

    @on("kms.KeyAccessChanged")
    def _on_key(self, arn: str):
        self._changed(arn)

    @on("kms.KeyDeleted")
    def _on_key_deleted(self, key_id: str, arn: str, region: str):
        self._changed(arn)

    @on("sqs.QueueAccessChanged")
    def _on_queue(self, arn: str):
        self._changed(arn)

    @on("secretsmanager.SecretAccessChanged")
    def _on_secret(self, arn: str):
        self._changed(arn)

    @on("sns.TopicAccessChanged")
    def _on_topic(self, arn: str):
        self._changed(arn)

    def _changed(self, arn: str, account: str = "", region: str = ""):
        """Look at a resource for all analyzers that it concerns: those of its Region, of roles those of all Regions."""
        parts = arn.split(":")
        owner, place = parts[4] or account, parts[3] or region
        for scope, analyzer in list(self.analyzers.everywhere()):
            holder, _, where = scope.partition("/")
            if analyzer.is_external and place in ("", where):
                there = type(self)(self.cloud, self.call.elsewhere(holder, where))
                if owner in there._zone(analyzer).accounts:
                    there._look_at(analyzer, arn, owner)


def _content(finding: Finding) -> Any:
    return finding.status, finding.action, finding.is_public, finding.details
