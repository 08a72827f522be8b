"""Access previews: the findings that a resource would have with other policies than it has, or if it existed."""

from glasshouse.core import NotSupported, ids
from glasshouse.services.accessanalyzer import external
from glasshouse.services.accessanalyzer.errors import ConflictException, invalid, not_found
from glasshouse.services.accessanalyzer.filters import arranged, check_filter, matches
from glasshouse.services.accessanalyzer.kinds import Resource, existing, kind_of_arn
from glasshouse.services.accessanalyzer.records import AccessPreview, Analyzer, Finding, PreviewFinding
from glasshouse.services.accessanalyzer.validation import PAGE, check_limit

# By the member of the configuration: the resource's type, and the member that holds the policy.
SHAPES = {
    "iamRole": ("AWS::IAM::Role", "trustPolicy"),
    "s3Bucket": ("AWS::S3::Bucket", "bucketPolicy"),
    "kmsKey": ("AWS::KMS::Key", "keyPolicies"),
    "sqsQueue": ("AWS::SQS::Queue", "queuePolicy"),
    "snsTopic": ("AWS::SNS::Topic", "topicPolicy"),
    "secretsManagerSecret": ("AWS::SecretsManager::Secret", "secretPolicy"),
}
REFUSED = {"accessPoints", "kmsKeyId"}


class AccessPreviews:
    """The operations on access previews."""

    def create_access_preview(self, analyzer_arn: str, configurations: dict, client_token: str | None = None):
        analyzer = self._external(analyzer_arn)
        for known in self.previews.list(analyzer.name):
            if client_token and known.client_token == client_token:
                return {"id": known.id}
        _check(configurations)
        preview = AccessPreview(analyzer.name, ids.uuid(), analyzer.arn, configurations, self.now, client_token)
        self.previews.put(preview)
        self.later("_preview", analyzer_name=analyzer.name, id=preview.id)
        return {"id": preview.id}

    def get_access_preview(self, access_preview_id: str, analyzer_arn: str):
        return {"accessPreview": self._a_preview(access_preview_id, analyzer_arn)}

    def list_access_previews(self, analyzer_arn: str, next_token: str | None = None, max_results: int = PAGE):
        analyzer = self._external(analyzer_arn)
        page = self.previews.page(check_limit(max_results), next_token, analyzer.name)
        return {"accessPreviews": page.records, "nextToken": page.next_token}

    def list_access_preview_findings(
        self,
        access_preview_id: str,
        analyzer_arn: str,
        filter: dict | None = None,
        next_token: str | None = None,
        max_results: int = PAGE,
    ):
        preview = self._a_preview(access_preview_id, analyzer_arn)
        if preview.status != "COMPLETED":
            message = f"The access preview {preview.id} is not completed: its status is {preview.status}."
            raise ConflictException(message, resourceId=preview.id, resourceType="access-preview")
        check_filter(filter)
        wanted = (one for one in self.preview_findings.list(preview.id) if matches(one, filter))
        found, token = arranged(wanted, None, check_limit(max_results), next_token)
        return {"findings": found, "nextToken": token}

    def _a_preview(self, id: str, analyzer_arn: str) -> AccessPreview:
        found = self.previews.get(self._external(analyzer_arn).name, id)
        if found is None:
            raise not_found("access-preview", id)
        return found

    # The job

    def _preview(self, analyzer_name: str, id: str):
        from glasshouse.engines.policy import MalformedPolicy

        analyzer, preview = self.analyzers.get(analyzer_name), self.previews.get(analyzer_name, id)
        if analyzer is None or preview is None:
            return
        try:
            ((arn, configuration),) = preview.configurations.items()
            resource = self._proposed(arn, configuration)
            for finding in self._compared(analyzer, preview, resource):
                self.preview_findings.put(finding)
            preview.status = "COMPLETED"
        except MalformedPolicy:
            preview.status, preview.status_reason = "FAILED", {"code": "INVALID_CONFIGURATION"}
        self.previews.put(preview)

    def _proposed(self, arn: str, configuration: dict) -> Resource:
        """The resource as it is, if it is, with what the configuration says."""
        ((member, told),) = configuration.items()
        type, policy_member = SHAPES[member]
        kind = kind_of_arn(arn)
        owner = arn.split(":")[4] or self.call.account
        resource = existing(kind, self.aws(account=owner), arn, owner) if kind else None
        resource = resource or Resource(arn, type, owner)
        if policy_member in told:
            policy = told[policy_member]
            texts = policy.values() if isinstance(policy, dict) else [policy]
            resource.policies = tuple(text for text in texts if text)
        if "bucketAclGrants" in told:
            resource.acl = tuple(told["bucketAclGrants"])
        if "bucketPublicAccessBlock" in told:
            resource.ignores_public_acls = told["bucketPublicAccessBlock"]["ignorePublicAcls"]
            resource.restricts_public = told["bucketPublicAccessBlock"]["restrictPublicBuckets"]
        if "grants" in told:
            resource.grants = tuple(_grant(grant) for grant in told["grants"])
        return resource

    def _compared(self, analyzer: Analyzer, preview: AccessPreview, resource: Resource) -> list[PreviewFinding]:
        known = {one.id: one for one in self.findings.list(analyzer.name, resource.arn)}
        found = []
        for access in external.external_access(resource, self._zone(analyzer)):
            finding = self._finding(analyzer, resource, access)
            if self._is_archived(analyzer.name, finding):
                finding.status = "ARCHIVED"
            found.append(_change(preview, finding, known.pop(finding.id, None)))
        for before in known.values():
            if before.status != "RESOLVED":
                found.append(_preview_finding(preview, before, before, "CHANGED", "RESOLVED"))
        return found


def _change(preview: AccessPreview, finding: Finding, before: Finding | None) -> PreviewFinding:
    if before is None:
        return _preview_finding(preview, finding, None, "NEW", finding.status)
    if before.status == "RESOLVED":
        return _preview_finding(preview, finding, before, "CHANGED", finding.status)
    same = (before.action, before.is_public) == (finding.action, finding.is_public)
    return _preview_finding(preview, finding, before, "UNCHANGED" if same else "CHANGED", before.status)


def _preview_finding(
    preview: AccessPreview, finding: Finding, before: Finding | None, change: str, status: str
) -> PreviewFinding:
    return PreviewFinding(
        preview.id, ids.uuid(), finding.resource, finding.resource_type, finding.resource_owner_account,
        preview.created_at, change, status, finding.principal or {}, finding.action or [], finding.condition,
        bool(finding.is_public), finding.sources, before.id if before else None, before.status if before else None,
    )  # fmt: skip


def _check(configurations: dict):
    """One resource, of a kind that previews are made of, its ARN and its configuration of the same kind."""
    if len(configurations) != 1:
        raise invalid("configurations", "An access preview is of exactly one resource.")
    ((arn, configuration),) = configurations.items()
    ((member, told),) = configuration.items() if len(configuration) == 1 else (("none", {}),)
    unsupported = [member] if member not in SHAPES else [name for name in told if name in REFUSED and told[name]]
    if unsupported:
        name = ".".join(["configurations", *dict.fromkeys([member, *unsupported])])
        raise NotSupported(f"access-analyzer:CreateAccessPreview {name} is not supported by Glasshouse yet")
    kind = kind_of_arn(arn) if arn.count(":") >= 5 else None
    if kind is None or kind.type != SHAPES[member][0]:
        raise invalid("configurations", f"{arn} is not the ARN of a resource that {member} configures.")


def _grant(grant: dict) -> dict:
    constraints = grant.get("constraints") or {}
    subset, equals = constraints.get("encryptionContextSubset"), constraints.get("encryptionContextEquals")
    operations = sorted(grant["operations"])
    return {
        "grantee": grant["granteePrincipal"], "operations": operations, "context": {**(subset or {}), **(equals or {})}
    }  # fmt: skip
