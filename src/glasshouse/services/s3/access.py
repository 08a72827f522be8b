"""Who may use a bucket: its policy, block public access, object ownership, and what of them IAM is told.

S3 decides nothing itself: `resource_policies` hands the bucket's policy, and its ACLs put into the words of a policy,
to whoever decides.
"""

import json
from urllib.parse import unquote_plus

from glasshouse.services.s3.acl import ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY, OFF, PUBLIC, is_group
from glasshouse.services.s3.buckets import OWNERSHIPS
from glasshouse.services.s3.errors import AccessDenied, MalformedXML
from glasshouse.services.s3.records import Bucket, owner
from glasshouse.services.s3.setting_errors import (
    InvalidBucketAclWithObjectOwnership,
    NoSuchBucketPolicy,
    NoSuchPublicAccessBlockConfiguration,
    OwnershipControlsNotFoundError,
)

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
BLOCKED = dict.fromkeys(BLOCKS, True)  # every new bucket, since April 2023
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
ON_BUCKET = {
    "READ": ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
    "READ_ACP": ["s3:GetBucketAcl"],
    "WRITE_ACP": ["s3:PutBucketAcl"],
}
ON_OBJECTS_OF_BUCKET = {"WRITE": ["s3:PutObject", "s3:DeleteObject"]}
ON_OBJECT = {
    "READ": ["s3:GetObject", "s3:GetObjectVersion"],
    "READ_ACP": ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
    "WRITE_ACP": ["s3:PutObjectAcl", "s3:PutObjectVersionAcl"],
}


class BucketAccess:
    # The policy

    def put_bucket_policy(
        self, bucket: str, policy: str, content_md5: str | None = None, checksum_algorithm: str | None = None,
        confirm_remove_self_bucket_access: bool = False, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        # Not before: a cloud without policies has no need of the policy engine.
        from glasshouse.services.s3 import policies

        found = self._bucket(bucket, expected_bucket_owner)
        policies.check(policy, bucket)
        public = policies.is_public(policy)
        if public and self._public_access(found)["BlockPublicPolicy"]:
            raise AccessDenied(
                f"User: {self.call.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource:"
                f' "{found.arn}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block'
                " Public Access."
            )
        self._keep_setting(found, "policy", {"text": policy, "public": public})
        found.has_policy = True
        self.buckets.put(found)

    def get_bucket_policy(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"Policy": self._setting(found, "policy", NoSuchBucketPolicy)["text"]}

    def delete_bucket_policy(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        self._drop_setting(found, "policy")
        found.has_policy = False
        self.buckets.put(found)

    def get_bucket_policy_status(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"PolicyStatus": {"IsPublic": self._setting(found, "policy", NoSuchBucketPolicy)["public"]}}

    # Block public access

    def put_public_access_block(
        self, bucket: str, public_access_block_configuration: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        blocks = {name: bool(public_access_block_configuration.get(name)) for name in BLOCKS}
        self._keep_setting(found, "public access", blocks)

    def get_public_access_block(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        kept = self.settings.get(bucket, "public access")
        if kept is not None and kept.value is None:
            raise NoSuchPublicAccessBlockConfiguration(BucketName=bucket)
        return {"PublicAccessBlockConfiguration": self._public_access(found)}

    def delete_public_access_block(self, bucket: str, expected_bucket_owner: str | None = None):
        self._keep_setting(self._bucket(bucket, expected_bucket_owner), "public access", None)

    def _public_access(self, bucket: Bucket) -> dict[str, bool]:
        """What is blocked: of a bucket of which nobody said anything, everything."""
        kept = self.settings.get(bucket.name, "public access")
        if kept is None:
            return BLOCKED
        return kept.value or dict.fromkeys(BLOCKS, False)

    # Object ownership

    def put_bucket_ownership_controls(
        self, bucket: str, ownership_controls: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        rules = ownership_controls["Rules"]
        if len(rules) != 1 or rules[0]["ObjectOwnership"] not in OWNERSHIPS:
            raise MalformedXML()
        ownership, me = rules[0]["ObjectOwnership"], owner(found.account)["ID"]
        if ownership == OFF and any(grant["Grantee"].get("ID") != me for grant in self._bucket_grants(found)):
            raise InvalidBucketAclWithObjectOwnership()
        found.ownership = ownership
        self.buckets.put(found)

    def get_bucket_ownership_controls(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        if not found.ownership:
            raise OwnershipControlsNotFoundError(BucketName=bucket)
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": found.ownership}]}}

    def delete_bucket_ownership_controls(self, bucket: str, expected_bucket_owner: str | None = None):
        """Without them a bucket is as buckets were before there were any: ACLs count, writers own their objects."""
        found = self._bucket(bucket, expected_bucket_owner)
        found.ownership = ""
        self.buckets.put(found)

    # What IAM is told

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        """(ARN, policy text) of what the policies, ACLs and blocks of the buckets of a call say."""
        found = []
        for name, key, version_id in _concerned(params):
            bucket = self._known_bucket(name)
            if bucket is None:
                continue
            if bucket.has_policy:
                found += self._policy_of(bucket)
            if bucket.ownership != OFF:
                statements = self._acl_statements(bucket, key, version_id)
                if statements:
                    found.append((bucket.arn, json.dumps({"Version": "2012-10-17", "Statement": statements})))
        return found

    def resource_account(self, params: dict) -> str | None:
        """A bucket's ARN does not say whose it is."""
        bucket = self._known_bucket(params.get("Bucket"))
        return bucket.account if bucket else None

    def _known_bucket(self, name: str | None) -> Bucket | None:
        """A bucket as the questions of one call about access read it, once."""
        known = self.__dict__.setdefault("_known_buckets", {})
        if name not in known:
            known[name] = self.buckets.get(name) if name else None
        return known[name]

    def _policy_of(self, bucket: Bucket) -> list[tuple[str, str]]:
        kept = self._setting(bucket, "policy")
        found = [(bucket.arn, kept["text"])]
        if kept["public"] and self._public_access(bucket)["RestrictPublicBuckets"]:
            found.append((bucket.arn, json.dumps(_restriction(bucket))))
        return found

    def _acl_statements(self, bucket: Bucket, key: str | None, version_id: str | None) -> list:
        everything, ignore_public = f"{bucket.arn}/*", self._public_access(bucket)["IgnorePublicAcls"]
        grants = self._bucket_grants(bucket)
        statements = _statements(grants, ON_BUCKET, bucket.arn, ignore_public)
        statements += _statements(grants, ON_OBJECTS_OF_BUCKET, everything, ignore_public)
        version = None
        if key is not None and version_id is None:
            version = self.versions.current(bucket.name, key)
        elif key is not None:
            version = self.versions.get(bucket.name, key, version_id)
        if version is not None:
            grants = self._object_grants(bucket, version)
            statements += _statements(grants, ON_OBJECT, f"{bucket.arn}/{key}", ignore_public)
        return statements


def _concerned(params: dict) -> list[tuple[str, str | None, str | None]]:
    """(bucket, key, version) that a call concerns: its own, and the source of a copy."""
    concerned = []
    if params.get("Bucket"):
        concerned.append((params["Bucket"], params.get("Key"), params.get("VersionId")))
    source = params.get("CopySource")
    if isinstance(source, str):
        path, _, version_id = source.partition("?versionId=")
        bucket, _, key = unquote_plus(path).lstrip("/").partition("/")
        concerned.append((bucket, key, version_id or None))
    return concerned


def _statements(grants: list[dict], actions: dict[str, list[str]], resource: str, ignore_public: bool) -> list[dict]:
    """The grants of an ACL as statements of a policy."""
    statements = []
    for grant in grants:
        if ignore_public and is_group(grant, *PUBLIC):
            continue
        permissions = list(actions) if grant["Permission"] == "FULL_CONTROL" else [grant["Permission"]]
        allowed = [action for permission in permissions for action in actions.get(permission, ())]
        if allowed:
            statements.append({"Effect": "Allow", "Action": allowed, "Resource": resource, **_principal(grant)})
    return statements


def _principal(grant: dict) -> dict:
    if is_group(grant, ALL_USERS):
        return {"Principal": "*"}
    if is_group(grant, AUTHENTICATED_USERS):
        return {"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}}
    if is_group(grant, LOG_DELIVERY):
        return {"Principal": {"Service": "logging.s3.amazonaws.com"}}
    return {"Principal": {"CanonicalUser": grant["Grantee"]["ID"]}}


def _restriction(bucket: Bucket) -> dict:
    """RestrictPublicBuckets: a bucket with a public policy is for its owner's account and AWS services alone."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket.arn, f"{bucket.arn}/*"],
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": bucket.account},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
