"""IAM Access Analyzer: judges policies, and tells who from outside can reach what, and what nobody uses.

Differs from AWS: there are no analyzers of internal access, and no generation of policies from trails; functions,
file systems, repositories, snapshots and tables are not analyzed.
"""

from glasshouse.core import Service, Table
from glasshouse.services.accessanalyzer.analyzers import Analyzers
from glasshouse.services.accessanalyzer.errors import ValidationException
from glasshouse.services.accessanalyzer.findings import Findings
from glasshouse.services.accessanalyzer.previews import AccessPreviews
from glasshouse.services.accessanalyzer.records import (
    AccessPreview,
    AnalyzedResource,
    Analyzer,
    ArchiveRule,
    Finding,
    PreviewFinding,
)
from glasshouse.services.accessanalyzer.scanning import Scanning
from glasshouse.services.accessanalyzer.validation import PolicyValidation


class AccessAnalyzer(PolicyValidation, Analyzers, Findings, AccessPreviews, Scanning, Service):
    name = "accessanalyzer"
    invalid_page_token = ValidationException
    analyzers = Table(Analyzer, key="name")
    archive_rules = Table(ArchiveRule, key=("analyzer_name", "rule_name"))
    findings = Table(Finding, key=("analyzer_name", "resource", "id"))
    resources = Table(AnalyzedResource, key=("analyzer_name", "resource_arn"))
    previews = Table(AccessPreview, key=("analyzer_name", "id"))
    preview_findings = Table(PreviewFinding, key=("preview_id", "id"))

    def resource_arns(self, params: dict) -> list[str] | None:
        """The analyzer, which calls name in several ways."""
        named = params.get("analyzerArn") or params.get("resourceArn")
        if named:
            return [named]
        name = params.get("analyzerName")
        return [self._analyzer_arn(name)] if name else None
