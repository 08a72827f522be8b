"""Analyzers, their archive rules and tags."""

from typing import Any

from glasshouse.core import NotSupported, ServiceError
from glasshouse.core.call import arn
from glasshouse.services.accessanalyzer.errors import (
    ConflictException,
    ServiceQuotaExceededException,
    ValidationException,
    invalid,
    not_found,
    taken,
)
from glasshouse.services.accessanalyzer.filters import check_filter, matches
from glasshouse.services.accessanalyzer.records import Analyzer, ArchiveRule
from glasshouse.services.accessanalyzer.validation import PAGE, check_limit

RULES_AT_MOST = 100
DEFAULT_AGE_DAYS, LONGEST_AGE_DAYS = 90, 365
TYPES = ("ACCOUNT", "ORGANIZATION", "ACCOUNT_UNUSED_ACCESS")


class Analyzers:
    """The operations on analyzers."""

    def create_analyzer(
        self,
        analyzer_name: str,
        type: str,
        archive_rules: list | None = None,
        tags: dict | None = None,
        client_token: str | None = None,
        configuration: dict | None = None,
    ):
        known = self.analyzers.get(analyzer_name)
        if known:
            if client_token and known.client_token == client_token:
                return {"arn": known.arn}
            raise taken("analyzer", analyzer_name)
        self._refuse_type(type)
        place = self._analyzer_arn(analyzer_name)
        told = _configuration(type, configuration)
        self.analyzers.put(Analyzer(analyzer_name, place, type, self.now, told, client_token))
        for rule in archive_rules or ():
            self._put_rule(analyzer_name, rule["ruleName"], rule["filter"])
        self.cloud.tags.add(place, tags)
        self._scan_soon(analyzer_name)
        return {"arn": place}

    def get_analyzer(self, analyzer_name: str):
        return {"analyzer": self._analyzer_shown(self._analyzer(analyzer_name))}

    def list_analyzers(self, next_token: str | None = None, max_results: int = PAGE, type: str | None = None):
        page = self.analyzers.page(
            check_limit(max_results), next_token, where=lambda analyzer: type in (None, analyzer.type)
        )
        return {"analyzers": [self._analyzer_shown(one) for one in page.records], "nextToken": page.next_token}

    def update_analyzer(self, analyzer_name: str, configuration: dict | None = None):
        analyzer = self._analyzer(analyzer_name)
        if analyzer.is_external:
            raise ValidationException("The configuration of an external access analyzer cannot be updated.")
        analyzer.configuration = _configuration(analyzer.type, configuration or analyzer.configuration)
        self.analyzers.put(analyzer)
        self._scan_soon(analyzer_name)
        return {"configuration": analyzer.configuration}

    def delete_analyzer(self, analyzer_name: str, client_token: str | None = None):
        analyzer = self._analyzer(analyzer_name)
        for preview in list(self.previews.list(analyzer_name)):
            _delete_all(self.preview_findings, preview.id)
            self.previews.delete(preview)
        for rows in (self.archive_rules, self.findings, self.resources):
            _delete_all(rows, analyzer_name)
        self._cancel_scans(analyzer_name)
        self.cloud.tags.clear(analyzer.arn)
        self.analyzers.delete(analyzer)

    # Archive rules

    def create_archive_rule(self, analyzer_name: str, rule_name: str, filter: dict, client_token: str | None = None):
        self._analyzer(analyzer_name)
        if self.archive_rules.get(analyzer_name, rule_name):
            raise taken("archive-rule", rule_name)
        if sum(1 for _ in self.archive_rules.list(analyzer_name)) >= RULES_AT_MOST:
            message = f"An analyzer has at most {RULES_AT_MOST} archive rules."
            raise ServiceQuotaExceededException(message, resourceId=rule_name, resourceType="archive-rule")
        self._put_rule(analyzer_name, rule_name, filter)

    def get_archive_rule(self, analyzer_name: str, rule_name: str):
        return {"archiveRule": self._rule(analyzer_name, rule_name)}

    def list_archive_rules(self, analyzer_name: str, next_token: str | None = None, max_results: int = PAGE):
        self._analyzer(analyzer_name)
        page = self.archive_rules.page(check_limit(max_results), next_token, analyzer_name)
        return {"archiveRules": page.records, "nextToken": page.next_token}

    def update_archive_rule(self, analyzer_name: str, rule_name: str, filter: dict, client_token: str | None = None):
        rule = self._rule(analyzer_name, rule_name)
        check_filter(filter)
        rule.filter, rule.updated_at = filter, self.now
        self.archive_rules.put(rule)

    def delete_archive_rule(self, analyzer_name: str, rule_name: str, client_token: str | None = None):
        self.archive_rules.delete(self._rule(analyzer_name, rule_name))

    def apply_archive_rule(self, analyzer_arn: str, rule_name: str, client_token: str | None = None):
        """To findings that are there already; new ones are archived by the rules as they come."""
        analyzer = self._analyzer_of(analyzer_arn)
        rule = self._rule(analyzer.name, rule_name)
        for finding in list(self.findings.list(analyzer.name)):
            if finding.status == "ACTIVE" and matches(finding, rule.filter):
                self._set_status(finding, "ARCHIVED")

    # Tags

    def tag_resource(self, resource_arn: str, tags: dict):
        self.cloud.tags.add(self._analyzer_of(resource_arn).arn, tags)

    def untag_resource(self, resource_arn: str, tag_keys: list):
        self.cloud.tags.remove(self._analyzer_of(resource_arn).arn, tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        return {"tags": self.cloud.tags.of(self._analyzer_of(resource_arn).arn)}

    # Lookups

    def _analyzer_arn(self, name: str) -> str:
        return arn("access-analyzer", f"analyzer/{name}", self.call.region, self.call.account)

    def _analyzer(self, name: str) -> Analyzer:
        found = self.analyzers.get(name)
        if found is None:
            raise not_found("analyzer", name)
        return found

    def _analyzer_of(self, analyzer_arn: str) -> Analyzer:
        name = analyzer_arn.partition(":analyzer/")[2]
        if analyzer_arn != self._analyzer_arn(name):
            raise not_found("analyzer", analyzer_arn)
        return self._analyzer(name)

    def _external(self, analyzer_arn: str) -> Analyzer:
        analyzer = self._analyzer_of(analyzer_arn)
        if not analyzer.is_external:
            raise ValidationException("The operation is supported for external access analyzers only.")
        return analyzer

    def _rule(self, analyzer_name: str, rule_name: str) -> ArchiveRule:
        self._analyzer(analyzer_name)
        found = self.archive_rules.get(analyzer_name, rule_name)
        if found is None:
            raise not_found("archive-rule", rule_name)
        return found

    def _put_rule(self, analyzer_name: str, rule_name: str, filter: dict):
        check_filter(filter)
        self.archive_rules.put(ArchiveRule(analyzer_name, rule_name, filter, self.now, self.now))

    def _is_archived(self, analyzer_name: str, finding: Any) -> bool:
        """Whether one of the rules archives a new finding."""
        return any(matches(finding, rule.filter) for rule in self.archive_rules.list(analyzer_name))

    def _analyzer_shown(self, analyzer: Analyzer) -> dict:
        return {**vars(analyzer), "tags": self.cloud.tags.of(analyzer.arn)}

    def _refuse_type(self, type: str):
        if type not in TYPES:
            raise NotSupported(f"access-analyzer:CreateAnalyzer type {type} is not supported by Glasshouse yet")
        if type == "ORGANIZATION":
            self._require_organization()
        external = type in ("ACCOUNT", "ORGANIZATION")
        if any(one.type == type or (external and one.is_external) for one in self.analyzers.list()):
            message = f"You have reached the maximum number of analyzers of the type {type} in this Region: 1."
            raise ServiceQuotaExceededException(message, resourceId=self.call.account, resourceType="analyzer")

    def _require_organization(self):
        """An organization is analyzed from its management account."""
        try:
            organization = self.aws.organizations.describe_organization()["Organization"]
        except NotSupported:
            raise
        except ServiceError as failure:
            raise ValidationException(f"The account is not in an organization: {failure}") from None
        if organization["MasterAccountId"] != self.call.account:
            message = "An analyzer for an organization is created in its management account."
            raise ConflictException(message, resourceId=self.call.account, resourceType="account")


def _delete_all(rows: Any, *prefix: str):
    for record in list(rows.list(*prefix)):
        rows.delete(record)


def _configuration(type: str, configuration: dict | None) -> dict | None:
    """The configuration of an unused access analyzer, with its default; the others have none."""
    if type in ("ACCOUNT", "ORGANIZATION"):
        if configuration:
            raise invalid("configuration", f"An analyzer of the type {type} takes no configuration.")
        return None
    if configuration and "unusedAccess" not in configuration:
        raise invalid("configuration", f"An analyzer of the type {type} takes a configuration of unused access.")
    told = (configuration or {}).get("unusedAccess") or {}
    age = told.get("unusedAccessAge", DEFAULT_AGE_DAYS)
    if not 1 <= age <= LONGEST_AGE_DAYS:
        message = f"The value {age} is not valid. It must be between 1 and {LONGEST_AGE_DAYS}."
        raise invalid("configuration.unusedAccess.unusedAccessAge", message)
    return {"unusedAccess": {**told, "unusedAccessAge": age}}
