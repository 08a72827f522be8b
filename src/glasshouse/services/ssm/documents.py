"""Documents: named, versioned texts that say what to do. They are kept, checked and shared; nothing here runs them.

Differs from AWS: a document is active at once; those that Amazon publishes (AWS-RunShellScript ...) are not there, and
attachments and reviews are refused.
"""

from hashlib import sha256

from glasshouse.core import tags as tag_lists
from glasshouse.core.errors import ValidationException
from glasshouse.services.ssm import contents
from glasshouse.services.ssm.errors import (
    DocumentAlreadyExists,
    DocumentLimitExceeded,
    DocumentVersionLimitExceeded,
    DuplicateDocumentContent,
    DuplicateDocumentVersionName,
    InvalidDocument,
    InvalidDocumentOperation,
    InvalidDocumentVersion,
    MaxDocumentSizeExceeded,
)
from glasshouse.services.ssm.records import Document, DocumentVersion

MOST_DOCUMENTS, MOST_DOCUMENT_VERSIONS, MOST_BYTES = 500, 1000, 65_536
DEFAULT, LATEST = "$DEFAULT", "$LATEST"
RESERVED = ("aws", "amazon", "amzn")


class Documents:
    """The operations on documents and their versions."""

    def create_document(
        self,
        content: str,
        name: str,
        requires: list | None = None,
        display_name: str | None = None,
        version_name: str | None = None,
        document_type: str = "Command",
        document_format: str = "JSON",
        target_type: str | None = None,
        tags: list | None = None,
    ):
        if name.lower().startswith(RESERVED):
            raise ValidationException(f"The document name {name} starts with a prefix that AWS reserves.")
        if self.documents.get(name):
            raise DocumentAlreadyExists()
        if len(self.documents.keys()) >= MOST_DOCUMENTS:
            raise DocumentLimitExceeded()
        _check_content(content, document_format, document_type)
        document = Document(name, self.call.arn(f"document/{name}"), document_type, requires=requires or [])
        version = DocumentVersion(
            name, 1, content, document_format, self.now, version_name=version_name, display_name=display_name,
            target_type=target_type,
        )  # fmt: skip
        self._tag(document.arn, tag_lists.from_list(tags))
        self.documents.put(document)
        self.document_versions.put(version)
        return {"DocumentDescription": self._description(document, version)}

    def update_document(
        self,
        content: str,
        name: str,
        display_name: str | None = None,
        version_name: str | None = None,
        document_version: str | None = None,
        document_format: str = "JSON",
        target_type: str | None = None,
    ):
        """Add a version after the latest one, which is the only one that can be updated."""
        document = self._own_document(name)
        latest = self.document_versions.get(name, document.latest_version)
        if document_version not in (None, LATEST, str(latest.document_version)):
            raise InvalidDocumentVersion()
        _check_content(content, document_format, document.document_type)
        versions = list(self.document_versions.list(name))
        if any(version.content == content for version in versions):
            raise DuplicateDocumentContent()
        if version_name and any(version.version_name == version_name for version in versions):
            raise DuplicateDocumentVersionName()
        if len(versions) >= MOST_DOCUMENT_VERSIONS:
            raise DocumentVersionLimitExceeded()
        document.made_versions += 1
        document.latest_version = document.made_versions
        version = DocumentVersion(
            name, document.latest_version, content, document_format, self.now, version_name=version_name,
            display_name=display_name or latest.display_name, target_type=target_type or latest.target_type,
        )  # fmt: skip
        self.documents.put(document)
        self.document_versions.put(version)
        return {"DocumentDescription": self._description(document, version)}

    def update_document_default_version(self, name: str, document_version: str):
        document = self._own_document(name)
        version = self.document_versions.get(name, int(document_version))
        if version is None:
            raise InvalidDocumentVersion()
        document.default_version = version.document_version
        self.documents.put(document)
        description = {
            "Name": name,
            "DefaultVersion": str(document.default_version),
            "DefaultVersionName": version.version_name,
        }
        return {"Description": description}

    def delete_document(
        self, name: str, document_version: str | None = None, version_name: str | None = None, force: bool = False
    ):
        """One version, or all. `force` is for the configuration of applications, which nothing here uses."""
        document = self._own_document(name)
        if document_version or version_name:
            self._delete_document_version(document, self._find_version(document, document_version, version_name))
            return
        if document.shared_with:
            raise InvalidDocumentOperation(
                "You attempted to delete a document while it is still shared. You must stop sharing the document before"
                " you can delete it."
            )
        for version in list(self.document_versions.list(name)):
            self.document_versions.delete(version)
        self.documents.delete(document)
        self.cloud.tags.clear(document.arn)

    def get_document(
        self,
        name: str,
        version_name: str | None = None,
        document_version: str | None = None,
        document_format: str = "JSON",
    ):
        document, version = self._found_document(name, document_version, version_name)
        wanted = version.document_format if version.document_format == "TEXT" else document_format
        return {
            **self._version_info(document, version),
            "Content": contents.convert(version.content, version.document_format, wanted),
            "DocumentFormat": wanted,
            "DocumentType": document.document_type,
            "Requires": document.requires or None,
        }

    def describe_document(self, name: str, document_version: str | None = None, version_name: str | None = None):
        return {"Document": self._description(*self._found_document(name, document_version, version_name))}

    def list_document_versions(self, name: str, max_results: int = 50, next_token: str | None = None):
        """The latest one first."""
        document, _ = self._found_document(name, None, None)
        table = self.document_versions.within(account=document.arn.split(":")[4])
        versions = sorted(table.list(document.name), key=lambda version: -version.document_version)
        return self._listed(
            "DocumentVersions", [self._version_info(document, version) for version in versions], max_results, next_token
        )

    # Finding

    def _own_document(self, name: str) -> Document:
        document = self.documents.get(name)
        if document is None:
            raise InvalidDocument()
        return document

    def _found_document(
        self, name: str, number: str | None, version_name: str | None
    ) -> tuple[Document, DocumentVersion]:
        """A document by name, or by the ARN under which another account shares it."""
        if not name.startswith("arn:"):
            document = self._own_document(name)
            return document, self._find_version(document, number, version_name)
        _, _, _, region, account, kind, *_ = [*name.split(":", 5), *[""] * 6]
        document = self.documents.within(account=account).get(kind.removeprefix("document/"))
        if region != self.call.region or document is None:
            raise InvalidDocument()
        version = self._find_version(document, number, version_name)
        if account != self.call.account and not self._is_shared(document, version):
            raise InvalidDocument()
        return document, version

    def _find_version(self, document: Document, number: str | None, version_name: str | None) -> DocumentVersion:
        """By number and name; the default one if neither is given."""
        table = self.document_versions.within(account=document.arn.split(":")[4])
        if number is None and version_name is not None:
            named = (version for version in table.list(document.name) if version.version_name == version_name)
            found = next(named, None)
        else:
            known = {None: document.default_version, DEFAULT: document.default_version, LATEST: document.latest_version}
            found = table.get(document.name, known[number] if number in known else int(number or 0))
        if found is None or version_name not in (None, found.version_name):
            raise InvalidDocument()
        return found

    def _delete_document_version(self, document: Document, version: DocumentVersion):
        if version.document_version == document.default_version:
            raise InvalidDocumentOperation("Default version of the document can't be deleted.")
        self.document_versions.delete(version)
        numbers = [left.document_version for left in self.document_versions.list(document.name)]
        document.latest_version = max(numbers)
        self.documents.put(document)

    # Showing

    def _shown_name(self, document: Document) -> str:
        return document.name if document.arn.split(":")[4] == self.call.account else document.arn

    def _version_info(self, document: Document, version: DocumentVersion) -> dict:
        return {
            "Name": self._shown_name(document),
            "DisplayName": version.display_name,
            "DocumentVersion": str(version.document_version),
            "VersionName": version.version_name,
            "CreatedDate": version.created_date,
            "IsDefaultVersion": version.document_version == document.default_version,
            "DocumentFormat": version.document_format,
            "Status": "Active",
        }

    def _identifier(self, document: Document, version: DocumentVersion) -> dict:
        """What lists and descriptions have in common."""
        told = contents.told(version.content, version.document_format, document.document_type)
        return {
            **self._version_info(document, version),
            "Owner": document.arn.split(":")[4],
            "DocumentType": document.document_type,
            "TargetType": version.target_type,
            "Tags": tag_lists.to_list(self.cloud.tags.of(document.arn)),
            "Requires": document.requires or None,
            "SchemaVersion": told["SchemaVersion"],
            "PlatformTypes": told["PlatformTypes"],
        }

    def _description(self, document: Document, version: DocumentVersion) -> dict:
        told = contents.told(version.content, version.document_format, document.document_type)
        return {
            **self._identifier(document, version),
            "Description": told["Description"],
            "Parameters": told["Parameters"],
            "Hash": sha256(version.content.encode()).hexdigest(),
            "HashType": "Sha256",
            "LatestVersion": str(document.latest_version),
            "DefaultVersion": str(document.default_version),
        }


def _check_content(content: str, form: str, kind: str):
    if len(content.encode()) > MOST_BYTES:
        raise MaxDocumentSizeExceeded()
    contents.check(content, form, kind)
