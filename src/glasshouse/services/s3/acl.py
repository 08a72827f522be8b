"""Access control lists of buckets and objects.

They are off, as in every bucket since 2023, unless the bucket's object ownership says otherwise. Differs from AWS: any
canonical user id may be granted something, whether or not an account has it; there is no grant to EC2
(aws-exec-read); and grants by e-mail address are refused, as S3 does since October 2025.
"""

import re

from glasshouse.core import NotSupported
from glasshouse.core.errors import ServiceError
from glasshouse.services.s3.errors import AccessDenied, InvalidArgument, InvalidRequest, MethodNotAllowed
from glasshouse.services.s3.records import Bucket, ObjectVersion, owner
from glasshouse.services.s3.setting_errors import (
    AccessControlListNotSupported,
    InvalidBucketAclWithBlockPublicAccessError,
    InvalidBucketAclWithObjectOwnership,
    MalformedACLError,
    MissingSecurityHeader,
    UnexpectedContent,
)

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
PUBLIC = (ALL_USERS, AUTHENTICATED_USERS)
PERMISSIONS = ("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP")
GRANTS = {
    "GrantFullControl": ("FULL_CONTROL", "x-amz-grant-full-control"),
    "GrantRead": ("READ", "x-amz-grant-read"),
    "GrantReadACP": ("READ_ACP", "x-amz-grant-read-acp"),
    "GrantWrite": ("WRITE", "x-amz-grant-write"),
    "GrantWriteACP": ("WRITE_ACP", "x-amz-grant-write-acp"),
}
HEADERS = ("ACL", *GRANTS)
TO_GROUPS = {
    "private": [],
    "public-read": [(ALL_USERS, "READ")],
    "public-read-write": [(ALL_USERS, "READ"), (ALL_USERS, "WRITE")],
    "authenticated-read": [(AUTHENTICATED_USERS, "READ")],
    "log-delivery-write": [(LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")],
}
TO_BUCKET_OWNER = {"bucket-owner-read": "READ", "bucket-owner-full-control": "FULL_CONTROL"}
CANONICAL_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
GRANTEE = re.compile(r'\s*(\w+)\s*=\s*(?:"([^"]*)"|([^",]*))\s*', re.ASCII)
OFF = "BucketOwnerEnforced"


class Acls:
    def put_bucket_acl(
        self, bucket: str, acl: str | None = None, access_control_policy: dict | None = None,
        content_md5: str | None = None, checksum_algorithm: str | None = None, grant_full_control: str | None = None,
        grant_read: str | None = None, grant_read_acp: str | None = None, grant_write: str | None = None,
        grant_write_acp: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        grants = self._asked_grants(found, found.account)
        if found.ownership == OFF:
            raise AccessControlListNotSupported()
        self._check_public(found, grants)
        self._keep_setting(found, "acl", grants)

    def get_bucket_acl(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"Owner": owner(found.account), "Grants": self._bucket_grants(found)}

    def put_object_acl(
        self, bucket: str, key: str, acl: str | None = None, access_control_policy: dict | None = None,
        content_md5: str | None = None, checksum_algorithm: str | None = None, grant_full_control: str | None = None,
        grant_read: str | None = None, grant_read_acp: str | None = None, grant_write: str | None = None,
        grant_write_acp: str | None = None, request_payer: str | None = None, version_id: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._visible_version(found, key, version_id)
        grants = self._asked_grants(found, version.owner)
        if found.ownership == OFF:
            raise AccessControlListNotSupported()
        self._check_public(found, grants)
        version.acl = {"Grants": grants}
        self.versions.save(version)
        self._notify(found, version, "ObjectAcl:Put")
        if found.replicates:
            self._replicate_change(found, version)

    def get_object_acl(
        self, bucket: str, key: str, version_id: str | None = None, request_payer: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._version_asked_for(found, key, version_id)
        return {"Owner": owner(version.owner), "Grants": self._object_grants(found, version)}

    def _acl_of_headers(self, bucket: Bucket, params: dict) -> dict | None:
        """What to keep as the ACL of a new object for which these headers (members of the input) ask.

        None is the private one. Called by everything that makes objects.
        """
        if params.keys().isdisjoint(HEADERS) or all(params[name] is None for name in HEADERS if name in params):
            return None
        grants = _grants_of_headers(params, self._new_owner(bucket, params), bucket.account)
        if bucket.ownership == OFF:
            if not _full_control_for(bucket.account, grants) or params.get("ACL") == "private":
                raise AccessControlListNotSupported()
            return None
        self._check_public(bucket, grants)
        return {"Grants": grants}

    def _new_settings(self, bucket: Bucket, params: dict):
        """What CreateBucket says of the settings of a new bucket: its ACL and its tags."""
        tags = (params.get("CreateBucketConfiguration") or {}).get("Tags")
        if tags:
            self._tag_bucket(bucket, tags)
        if all(params.get(name) is None for name in HEADERS):
            return
        grants = _grants_of_headers(params, bucket.account, bucket.account)
        if grants == _private(bucket.account):
            return
        if bucket.ownership == OFF:
            raise InvalidBucketAclWithObjectOwnership()
        if _is_public(grants):
            # Every new bucket blocks public access.
            raise InvalidBucketAclWithBlockPublicAccessError(BucketName=bucket.name)
        self._keep_setting(bucket, "acl", grants)

    def _bucket_grants(self, bucket: Bucket) -> list[dict]:
        kept = None if bucket.ownership == OFF else self._setting(bucket, "acl")
        return _private(bucket.account) if kept is None else kept

    def _object_grants(self, bucket: Bucket, version: ObjectVersion) -> list[dict]:
        if bucket.ownership == OFF or version.acl is None:
            return _private(version.owner)
        return version.acl["Grants"]

    def _asked_grants(self, bucket: Bucket, account: str) -> list[dict]:
        """The grants that PutBucketAcl or PutObjectAcl asks for: by headers, or in the body."""
        params = self.call.params
        policy, in_headers = params.get("AccessControlPolicy"), any(params.get(name) for name in HEADERS)
        if policy and in_headers:
            raise UnexpectedContent()
        if in_headers:
            return _grants_of_headers(params, account, bucket.account)
        if not policy:
            raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
        return _grants_of_policy(policy, account)

    def _check_public(self, bucket: Bucket, grants: list[dict]):
        if _is_public(grants) and self._public_access(bucket)["BlockPublicAcls"]:
            raise AccessDenied(
                f"User: {self.call.principal.arn} is not authorized to perform: s3:{self.call.operation} on resource:"
                f' "{bucket.arn}" because public access control lists (ACLs) are prevented by the BlockPublicAcls'
                " setting in S3 Block Public Access."
            )


def is_group(grant: dict, *uris: str) -> bool:
    return grant["Grantee"].get("URI") in uris


def _is_public(grants: list[dict]) -> bool:
    return any(is_group(grant, *PUBLIC) for grant in grants)


def _private(account: str) -> list[dict]:
    return [_to_account(account, "FULL_CONTROL")]


def _to_account(account: str, permission: str) -> dict:
    return {"Grantee": {"Type": "CanonicalUser", **owner(account)}, "Permission": permission}


def _to_group(uri: str, permission: str) -> dict:
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def _full_control_for(account: str, grants: list[dict]) -> bool:
    """Whether nobody but the account has anything."""
    return all(grant == _to_account(account, "FULL_CONTROL") for grant in grants)


def _grants_of_headers(params: dict, account: str, bucket_account: str) -> list[dict]:
    """`account` is the owner's of what gets the ACL."""
    canned = params.get("ACL")
    granted = [name for name in GRANTS if params.get(name)]
    if canned and granted:
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if canned:
        return _canned(canned, account, bucket_account)
    return [grant for name in granted for grant in _header_grants(params[name], *GRANTS[name])]


def _canned(name: str, account: str, bucket_account: str) -> list[dict]:
    if name == "aws-exec-read":
        raise NotSupported("s3: the canned ACL aws-exec-read is not supported by Glasshouse yet")
    if name in TO_BUCKET_OWNER:
        further = [] if account == bucket_account else [_to_account(bucket_account, TO_BUCKET_OWNER[name])]
        return _private(account) + further
    if name not in TO_GROUPS:
        raise InvalidArgument(None, ArgumentName="x-amz-acl", ArgumentValue=name)
    return _private(account) + [_to_group(uri, permission) for uri, permission in TO_GROUPS[name]]


def _header_grants(text: str, permission: str, header: str) -> list[dict]:
    """`id="...", uri="...": the grantees that a header lists."""
    grants, at = [], 0
    while at < len(text):
        found = GRANTEE.match(text, at)
        if found is None or text[found.end() : found.end() + 1] not in ("", ","):
            raise InvalidArgument("Argument format not recognized", ArgumentName=header, ArgumentValue=text)
        value = found[2] if found[2] is not None else found[3].strip()
        grantee = grantee_of(found[1], value, found[1], found[1])
        if grantee is None:
            raise InvalidArgument("Argument format not recognized", ArgumentName=header, ArgumentValue=text)
        grants.append({"Grantee": grantee, "Permission": permission})
        at = found.end() + 1
    return grants


def grantee_of(kind: str, value: str, group_name: str, user_name: str) -> dict | None:
    """A grantee by kind; None for an unknown kind. The names are those of the argument, for errors."""
    if kind == "uri":
        if value not in (*PUBLIC, LOG_DELIVERY):
            raise InvalidArgument("Invalid group uri", ArgumentName=group_name, ArgumentValue=value)
        return {"Type": "Group", "URI": value}
    if kind == "id":
        if not CANONICAL_ID.fullmatch(value):
            raise InvalidArgument("Invalid id", ArgumentName=user_name, ArgumentValue=value)
        return {"Type": "CanonicalUser", "ID": value}
    if kind == "emailAddress":
        raise _no_email()
    return None


def _grants_of_policy(policy: dict, account: str) -> list[dict]:
    """The grants of an AccessControlPolicy, which must name the owner."""
    claimed = (policy.get("Owner") or {}).get("ID")
    if claimed is None or policy.get("Grants") is None:
        raise MalformedACLError()
    if not CANONICAL_ID.fullmatch(claimed):
        raise InvalidArgument("Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=claimed)
    if claimed != owner(account)["ID"]:
        raise AccessDenied()
    return [_grant_of_policy(grant) for grant in policy["Grants"]]


def _grant_of_policy(grant: dict) -> dict:
    grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
    kinds = {"Group": ("uri", "URI"), "CanonicalUser": ("id", "ID"), "AmazonCustomerByEmail": ("emailAddress", "")}
    if permission not in PERMISSIONS or grantee.get("Type") not in kinds:
        raise MalformedACLError()
    kind, member = kinds[grantee["Type"]]
    named = grantee_of(kind, grantee.get(member) or "", "Group/URI", "CanonicalUser/ID")
    return {"Grantee": named, "Permission": permission}


def _no_email() -> ServiceError:
    return MethodNotAllowed(
        "Email grantee access control lists are no longer supported.", Method="PUT", ResourceType="ACL"
    )
