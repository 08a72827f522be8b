"""What IAM Access Analyzer keeps; times are epoch seconds."""

from dataclasses import dataclass, field


@dataclass
class Analyzer:
    name: str
    arn: str
    type: str
    created_at: float
    configuration: dict | None = None
    client_token: str | None = None
    status: str = "ACTIVE"
    last_resource_analyzed: str | None = None
    last_resource_analyzed_at: float | None = None

    @property
    def is_external(self) -> bool:
        return self.type in ("ACCOUNT", "ORGANIZATION")


@dataclass
class ArchiveRule:
    analyzer_name: str
    rule_name: str
    filter: dict
    created_at: float
    updated_at: float


@dataclass
class Finding:
    """One external principal that reaches a resource under one set of conditions, or something that nobody uses.

    `details` are those of an unused access finding: members of the API's FindingDetails.
    """

    analyzer_name: str
    id: str
    resource: str
    resource_type: str
    resource_owner_account: str
    finding_type: str
    created_at: float
    analyzed_at: float
    updated_at: float
    status: str = "ACTIVE"
    principal: dict | None = None
    action: list | None = None
    condition: dict = field(default_factory=dict)
    is_public: bool | None = None
    sources: list | None = None
    details: list[dict] | None = None

    @property
    def finding_details(self) -> list[dict]:
        if self.details:
            return self.details
        members = {"action": self.action, "condition": self.condition, "isPublic": self.is_public}
        return [{"externalAccessDetails": {**members, "principal": self.principal, "sources": self.sources}}]


@dataclass
class AnalyzedResource:
    """`digest` is of all that was looked at, so that what has not changed need not be analyzed again."""

    analyzer_name: str
    resource_arn: str
    resource_type: str
    resource_owner_account: str
    created_at: float
    analyzed_at: float
    updated_at: float
    digest: str
    is_public: bool = False
    actions: list | None = None
    shared_via: list | None = None
    status: str | None = None


@dataclass
class AccessPreview:
    analyzer_name: str
    id: str
    analyzer_arn: str
    configurations: dict
    created_at: float
    client_token: str | None = None
    status: str = "CREATING"
    status_reason: dict | None = None


@dataclass
class PreviewFinding:
    preview_id: str
    id: str
    resource: str
    resource_type: str
    resource_owner_account: str
    created_at: float
    change_type: str
    status: str
    principal: dict
    action: list
    condition: dict
    is_public: bool
    sources: list | None
    existing_finding_id: str | None = None
    existing_finding_status: str | None = None
