"""Lists of documents, and with whom a document is shared."""

from glasshouse.core.table import InvalidPageToken, make_token, read_token
from glasshouse.services.ssm.errors import DocumentPermissionLimit, InvalidFilterKey, InvalidPermissionType
from glasshouse.services.ssm.records import Document, DocumentVersion

MOST_ACCOUNTS = 1000
EVERYONE = "all"
SINGLE = {"DocumentType": "DocumentType", "TargetType": "TargetType"}


class DocumentLists:
    """The operations on lists and permissions."""

    def list_documents(
        self,
        document_filter_list: list | None = None,
        filters: list | None = None,
        max_results: int = 50,
        next_token: str | None = None,
    ):
        """By their default versions: one's own, unless the filter Owner asks for those that others share."""
        old = [{"Key": one["key"], "Values": [one["value"]]} for one in document_filter_list or ()]
        wanted = [(one["Key"], one.get("Values") or []) for one in (*old, *(filters or ()))]
        for key, _ in wanted:
            if key not in (*SINGLE, "Name", "Owner", "PlatformTypes", "SearchKeyword") and not key.startswith("tag:"):
                raise InvalidFilterKey()
        owners = [owner for key, values in wanted if key == "Owner" for owner in values] or ["Self"]
        found = [self._identifier(document, self._find_version(document, None, None)) for document in self._of(owners)]
        shown = [one for one in found if all(_fits(one, key, values) for key, values in wanted)]
        return self._listed("DocumentIdentifiers", shown, max_results, next_token)

    def modify_document_permission(
        self,
        name: str,
        permission_type: str,
        account_ids_to_add: list | None = None,
        account_ids_to_remove: list | None = None,
        shared_document_version: str = "$DEFAULT",
    ):
        _check_permission(permission_type)
        document = self._own_document(name)
        added, removed = account_ids_to_add or [], account_ids_to_remove or []
        kept = {account: how for account, how in document.shared_with.items() if account not in removed}
        document.shared_with = kept | dict.fromkeys(added, shared_document_version)
        for accounts in (added, removed, [*document.shared_with]):
            if len(accounts) > 1 and EVERYONE in map(str.lower, accounts):
                raise DocumentPermissionLimit("Accounts can either be all or a group of AWS accounts")
        if len(document.shared_with) > MOST_ACCOUNTS:
            raise DocumentPermissionLimit()
        self.documents.put(document)

    def describe_document_permission(
        self, name: str, permission_type: str, max_results: int = 200, next_token: str | None = None
    ):
        _check_permission(permission_type)
        sharing = [
            {"AccountId": account, "SharedDocumentVersion": how}
            for account, how in self._own_document(name).shared_with.items()
        ]
        page = self._listed("AccountSharingInfoList", sharing, max_results, next_token)
        return {**page, "AccountIds": [one["AccountId"] for one in page["AccountSharingInfoList"]]}

    # Within

    def _is_shared(self, document: Document, version: DocumentVersion) -> bool:
        """Whether this account sees a version of another account's document."""
        by_account = {account.lower(): how for account, how in document.shared_with.items()}
        seen = {"$DEFAULT": document.default_version, "$LATEST": document.latest_version}
        hows = (by_account.get(self.call.account), by_account.get(EVERYONE))
        return any(how == "$ALL" or seen.get(how or "") == version.document_version for how in hows)

    def _of(self, owners: list[str]) -> list[Document]:
        """Whose documents there are to see: Self, Private (shared with this account), Public (with everyone), All."""
        own = list(self.documents.list()) if {"Self", "All"} & {*owners} else []
        others = []
        if {"Private", "Public", "All"} & {*owners}:
            here = f"/{self.call.region}"
            every = [document for scope, document in self.documents.everywhere() if scope.endswith(here)]
            others = [document for document in every if document.arn.split(":")[4] != self.call.account]
        return own + [document for document in others if self._sharing(document) & {*owners, "All"} - {"Self"}]

    def _sharing(self, document: Document) -> set[str]:
        accounts = {*map(str.lower, document.shared_with)}
        kinds = {"Private"} if self.call.account in accounts else set()
        return kinds | ({"Public"} if EVERYONE in accounts else set())

    @staticmethod
    def _listed(name: str, items: list[dict], most: int, token: str | None) -> dict:
        """A page of a list that is not too long to be made anew for each page."""
        place = read_token(token)
        if not place.isdecimal() and place:
            raise InvalidPageToken(token)
        start = int(place or 0)
        more = make_token(str(start + most)) if start + most < len(items) else None
        return {name: items[start : start + most], "NextToken": more}


def _check_permission(kind: str):
    if kind != "Share":
        raise InvalidPermissionType(
            f"1 validation error detected: Value '{kind}' at 'permissionType' failed to satisfy constraint: Member must"
            " satisfy enum value set: [Share]"
        )


def _fits(identifier: dict, key: str, values: list[str]) -> bool:
    """Whether a document's identifier passes a filter."""
    if key == "Owner":
        return True
    if key.startswith("tag:"):
        tags = {tag["Key"]: tag["Value"] for tag in identifier["Tags"]}
        name = key.removeprefix("tag:")
        return name in tags and (not values or tags[name] in values)
    if key == "Name":
        return any(identifier["Name"].startswith(value) for value in values)
    if key == "PlatformTypes":
        return any(value in (identifier["PlatformTypes"] or ()) for value in values)
    if key == "SearchKeyword":
        return any(value.lower() in identifier["Name"].lower() for value in values)
    return identifier[SINGLE[key]] in values
