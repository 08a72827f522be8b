"""SSM Parameter Store: named, versioned values arranged as a tree of paths; and the documents of Systems Manager.

Of Systems Manager there are Parameter Store, documents and one setting; everything else is refused. Facts:
`ParameterChanged` (EventBridge's "Parameter Store Change") and `ParameterPolicyAction` ("Parameter Store Policy
Action").

Differs from AWS: an image id (data type aws:ec2:image) is looked at within the request, whose answer is AWS's all the
same; parameters cannot be shared with other accounts; a deleted name can be used again at once; what AWS publishes
below /aws/service is described in `public`.
"""

from glasshouse.core import Service, Table
from glasshouse.core.errors import ValidationException
from glasshouse.services.ssm import filters, names, public
from glasshouse.services.ssm.document_lists import DocumentLists
from glasshouse.services.ssm.documents import Documents
from glasshouse.services.ssm.encryption import Encryption
from glasshouse.services.ssm.errors import InvalidNextToken
from glasshouse.services.ssm.labels import Labels
from glasshouse.services.ssm.reading import Reading
from glasshouse.services.ssm.records import Census, Document, DocumentVersion, Parameter, Setting
from glasshouse.services.ssm.settings import Settings
from glasshouse.services.ssm.tagging import Tagging
from glasshouse.services.ssm.writing import Writing


class Ssm(Writing, Reading, Labels, Documents, DocumentLists, Settings, Tagging, Encryption, Service):
    name = "ssm"
    invalid_page_token = InvalidNextToken
    parameters = Table(Parameter, key="path")
    history = Table(Parameter, key=("path", "version"))
    census = Table(Census, key="tier")
    documents = Table(Document, key="name")
    settings = Table(Setting, key="setting_id")
    document_versions = Table(DocumentVersion, key=("name", "document_version"))

    def describe_parameters(
        self,
        filters: list[dict] | None = None,
        parameter_filters: list[dict] | None = None,
        max_results: int = 10,
        next_token: str | None = None,
    ):
        if filters and parameter_filters:
            raise ValidationException("You can use either Filters or ParameterFilters in a single request.")
        given = filters or parameter_filters or []
        start, wanted = self._filter(given, old=bool(filters))
        found, following = self.parameters.page(max_results, next_token, start, where=wanted)
        return {"Parameters": found, "NextToken": following}

    def resource_arns(self, params: dict) -> list[str] | None:
        """A policy speaks of parameters without the version or label that a request may add to their names."""
        if self._concerns_document(params):
            name = params.get("Name") or params.get("ResourceId")
            return [name if name.startswith("arn:") else self.call.arn(f"document/{name}")] if name else None
        if setting := params.get("SettingId"):
            return [setting if setting.startswith("arn:") else self.call.arn(f"servicesetting{setting}")]
        given = [params.get("Name"), params.get("Path"), params.get("ResourceId"), *(params.get("Names") or ())]
        return [self._arn_of(text) for text in given if text] or None

    def resource_account(self, params: dict) -> str | None:
        """A document of another account is looked at by who it is shared with, which no policy says."""
        return self.call.account if self._concerns_document(params) else None

    def _concerns_document(self, params: dict) -> bool:
        return "Document" in self.call.operation or params.get("ResourceType") == "Document"

    def _arn_of(self, text: str) -> str:
        if text.startswith("arn:"):
            return ":".join(text.split(":", 6)[:6])
        path = names.path_of(text.partition(":")[0])
        own = not path.startswith(f"{public.PREFIX}service/")
        return self.call.arn(f"parameter{path.rstrip('/') or '/'}", account=own)

    def _filter(self, given: list[dict], old: bool) -> tuple[str, filters.Predicate]:
        wanted = filters.of_old_kind(given) if old else filters.of_description(given, self.cloud.tags.of)
        return filters.prefix(given), wanted
