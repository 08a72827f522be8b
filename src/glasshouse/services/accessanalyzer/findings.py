"""Findings, and the resources that were analyzed."""

from typing import Any

from glasshouse.services.accessanalyzer.errors import ValidationException, invalid, not_found
from glasshouse.services.accessanalyzer.filters import arranged, check_filter, matches
from glasshouse.services.accessanalyzer.kinds import kind_of_arn
from glasshouse.services.accessanalyzer.records import Finding
from glasshouse.services.accessanalyzer.validation import PAGE, check_limit


class Findings:
    """The operations on findings."""

    def list_findings(
        self,
        analyzer_arn: str,
        filter: dict | None = None,
        sort: dict | None = None,
        next_token: str | None = None,
        max_results: int = PAGE,
    ):
        self._external(analyzer_arn)
        return self.list_findings_v2(analyzer_arn, filter, max_results, next_token, sort)

    def list_findings_v2(
        self,
        analyzer_arn: str,
        filter: dict | None = None,
        max_results: int = PAGE,
        next_token: str | None = None,
        sort: dict | None = None,
    ):
        analyzer = self._analyzer_of(analyzer_arn)
        check_filter(filter)
        wanted = (finding for finding in self.findings.list(analyzer.name) if matches(finding, filter))
        found, token = arranged(wanted, sort, check_limit(max_results), next_token)
        return {"findings": found, "nextToken": token}

    def get_finding(self, analyzer_arn: str, id: str):
        self._external(analyzer_arn)
        return {"finding": self._found(analyzer_arn, id)}

    def get_finding_v2(self, analyzer_arn: str, id: str, max_results: int | None = None, next_token: str | None = None):
        """A finding has one detail: there are no further pages."""
        if max_results is not None:
            check_limit(max_results)
        if next_token:
            raise ValidationException("The specified token is not valid.")
        return self._found(analyzer_arn, id)

    def update_findings(
        self,
        analyzer_arn: str,
        status: str,
        ids: list | None = None,
        resource_arn: str | None = None,
        client_token: str | None = None,
    ):
        """Archive findings, or bring them back; resolved ones stay as they are."""
        analyzer = self._analyzer_of(analyzer_arn)
        if not ids and not resource_arn:
            raise invalid("ids", "Either ids or resourceArn must be specified.")
        found = self._all_found(analyzer.name, ids or [])
        if resource_arn:
            found += self.findings.list(analyzer.name, resource_arn)
        for finding in found:
            if finding.status != "RESOLVED":
                self._set_status(finding, status)

    def get_findings_statistics(self, analyzer_arn: str):
        analyzer = self._analyzer_of(analyzer_arn)
        found = list(self.findings.list(analyzer.name))
        counts = [sum(one.status == status for one in found) for status in ("ACTIVE", "ARCHIVED", "RESOLVED")]
        totals = dict(
            zip(("totalActiveFindings", "totalArchivedFindings", "totalResolvedFindings"), counts, strict=True)
        )
        active = [one for one in found if one.status == "ACTIVE"]
        if analyzer.is_external:
            by_type = {one.resource_type: _type_statistics(active, one.resource_type) for one in active}
            told = {"externalAccessFindingsStatistics": {**totals, "resourceTypeStatistics": by_type}}
        else:
            kinds = sorted({one.finding_type for one in active})
            by_kind = [
                {"unusedAccessType": kind, "total": sum(one.finding_type == kind for one in active)} for kind in kinds
            ]
            told = {"unusedAccessFindingsStatistics": {**totals, "unusedAccessTypeStatistics": by_kind}}
        updated = max((one.analyzed_at for one in found), default=None)
        return {"findingsStatistics": [told], "lastUpdatedAt": updated}

    # The resources behind them

    def list_analyzed_resources(
        self,
        analyzer_arn: str,
        resource_type: str | None = None,
        next_token: str | None = None,
        max_results: int = PAGE,
    ):
        analyzer = self._external(analyzer_arn)
        page = self.resources.page(
            check_limit(max_results),
            next_token,
            analyzer.name,
            where=lambda resource: resource_type in (None, resource.resource_type),
        )
        return {"analyzedResources": page.records, "nextToken": page.next_token}

    def get_analyzed_resource(self, analyzer_arn: str, resource_arn: str):
        analyzer = self._external(analyzer_arn)
        found = self.resources.get(analyzer.name, resource_arn)
        if found is None:
            raise not_found("analyzed-resource", resource_arn)
        return {"resource": found}

    def start_resource_scan(self, analyzer_arn: str, resource_arn: str, resource_owner_account: str | None = None):
        analyzer = self._external(analyzer_arn)
        if kind_of_arn(resource_arn) is None:
            raise invalid("resourceArn", f"The resource {resource_arn} is not of a type that is analyzed.")
        owner = resource_owner_account or resource_arn.split(":")[4] or self.call.account
        if owner not in self._zone(analyzer).accounts:
            raise invalid("resourceOwnerAccount", f"The account {owner} is not in the zone of trust of the analyzer.")
        self.later("_scan_some", analyzer_name=analyzer.name, arns=[resource_arn], account=owner)

    def _found(self, analyzer_arn: str, id: str) -> Finding:
        (found,) = self._all_found(self._analyzer_of(analyzer_arn).name, [id])
        return found

    def _all_found(self, analyzer_name: str, ids: list[str]) -> list[Finding]:
        known = {one.id: one for one in self.findings.list(analyzer_name)} if ids else {}
        for id in ids:
            if id not in known:
                raise not_found("finding", id)
        return [known[id] for id in ids]


def _type_statistics(active: list[Finding], type: str) -> dict[str, Any]:
    of_type = [one for one in active if one.resource_type == type]
    public = sum(bool(one.is_public) for one in of_type)
    return {"totalActivePublic": public, "totalActiveCrossAccount": len(of_type) - public, "totalActiveErrors": 0}
