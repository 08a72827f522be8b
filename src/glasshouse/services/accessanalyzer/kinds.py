"""The kinds of resources that are analyzed, and how the cloud is asked what their policies are.

A resource's services are asked as any other caller asks them. A service that this cloud does not have has no resources.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote

from glasshouse.core import NotSupported, ServiceError
from glasshouse.core.service import Siblings

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
SERVICE_ROLES = ":role/aws-service-role/"
GONE = {
    "NoSuchEntity",
    "NoSuchBucket",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "NotFound",
}


@dataclass
class Resource:
    """A resource and all that decides who reaches it.

    ACL grants are written as the API's S3BucketAclGrantConfiguration, a key's grants as grantee, operations, context.
    """

    arn: str
    type: str
    owner: str
    policies: tuple[str, ...] = ()
    acl: tuple[dict, ...] = ()
    grants: tuple[dict, ...] = ()
    ignores_public_acls: bool = False
    restricts_public: bool = False

    @property
    def places(self) -> list[tuple[str, str]]:
        """What there is to be reached, by its type in the service authorization reference: (type, pattern of ARNs)."""
        if self.type == BUCKET.type:
            return [("bucket", self.arn), ("object", f"{self.arn}/*")]
        return [(self.type.rpartition(":")[2].lower(), self.arn)]

    @property
    def source(self) -> str | None:
        """Findings on buckets alone tell where the access comes from."""
        return "POLICY" if self.type == "AWS::S3::Bucket" else None

    def digest(self, zone: Any) -> str:
        return hashlib.sha256(json.dumps([asdict(self), asdict(zone)], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Kind:
    """`read` raises a ServiceError for a resource that is gone."""

    type: str
    service: str
    arns: Callable[[Siblings, str, str], Iterator[str]]
    read: Callable[[Siblings, str, str], Resource]


def kind_of_arn(arn: str) -> Kind | None:
    parts = arn.split(":", 5)
    service, rest = parts[2], parts[5]
    if service == "iam":
        return ROLE if rest.startswith("role/") else None
    return next((kind for kind in KINDS if kind.service == service), None)


def existing(kind: Kind, aws: Siblings, arn: str, account: str) -> Resource | None:
    """A resource as it is; None if there is none."""
    try:
        return kind.read(aws, arn, account)
    except NotSupported:
        return None
    except ServiceError as failure:
        if failure.code in GONE or failure.code.endswith(("NonExistentQueue", "DoesNotExist")):
            return None
        raise


def arns_of(kind: Kind, aws: Siblings, account: str, region: str) -> list[str]:
    """The ARNs of all resources of a kind."""
    try:
        return list(kind.arns(aws, account, region))
    except NotSupported:
        return []


def pages(ask: Callable[..., dict], members: str, token_in: str, token_out: str) -> Iterator[Any]:
    more: dict = {}
    while True:
        page = ask(**more)
        yield from page.get(members) or ()
        if not page.get(token_out):
            return
        more = {token_in: page[token_out]}


# Roles


def _role_arns(aws: Siblings, account: str, region: str) -> Iterator[str]:
    arns = (role["Arn"] for role in pages(aws.iam.list_roles, "Roles", "Marker", "Marker"))
    return (arn for arn in arns if SERVICE_ROLES not in arn)  # only their services can change these


def _read_role(aws: Siblings, arn: str, account: str) -> Resource:
    role = aws.iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
    return Resource(arn, ROLE.type, account, (unquote(role["AssumeRolePolicyDocument"]),))


# Buckets


def _bucket_arns(aws: Siblings, account: str, region: str) -> Iterator[str]:
    for bucket in aws.s3.list_buckets().get("Buckets") or ():
        if _region_of(aws, bucket["Name"]) == region:
            yield f"arn:aws:s3:::{bucket['Name']}"


def _region_of(aws: Siblings, bucket: str) -> str:
    return aws.s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"


def _read_bucket(aws: Siblings, arn: str, account: str) -> Resource:
    name = arn.rpartition(":")[2]
    owned = aws.s3.get_bucket_acl(Bucket=name)
    found = Resource(arn, BUCKET.type, account, acl=tuple(_acl(owned)))
    with suppress(ServiceError):  # NoSuchBucketPolicy
        found.policies = (aws.s3.get_bucket_policy(Bucket=name)["Policy"],)
    with suppress(ServiceError):  # NoSuchPublicAccessBlockConfiguration
        block = aws.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        found.ignores_public_acls = bool(block.get("IgnorePublicAcls"))
        found.restricts_public = bool(block.get("RestrictPublicBuckets"))
    return found


def _acl(owned: dict) -> Iterator[dict]:
    for grant in owned.get("Grants") or ():
        grantee = grant["Grantee"]
        if grantee.get("ID") != owned["Owner"]["ID"]:
            named = {"uri": grantee["URI"]} if grantee.get("URI") else {"id": grantee.get("ID")}
            yield {"permission": grant["Permission"], "grantee": named}


# Keys


def _key_arns(aws: Siblings, account: str, region: str) -> Iterator[str]:
    for key in pages(aws.kms.list_keys, "Keys", "Marker", "NextMarker"):
        if aws.kms.describe_key(KeyId=key["KeyArn"])["KeyMetadata"]["KeyManager"] == "CUSTOMER":
            yield key["KeyArn"]


def _read_key(aws: Siblings, arn: str, account: str) -> Resource:
    policy = aws.kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    grants = [_grant(grant) for grant in aws.kms.list_grants(KeyId=arn).get("Grants") or ()]
    return Resource(arn, KEY.type, account, (policy,), grants=tuple(grants))


def _grant(grant: dict) -> dict:
    constraints = grant.get("Constraints") or {}
    context = {
        **(constraints.get("EncryptionContextSubset") or {}),
        **(constraints.get("EncryptionContextEquals") or {}),
    }
    return {"grantee": grant["GranteePrincipal"], "operations": sorted(grant["Operations"]), "context": context}


# Queues, topics, secrets


def _queue_arns(aws: Siblings, account: str, region: str) -> Iterator[str]:
    def listed(**more: Any) -> dict:
        return aws.sqs.list_queues(MaxResults=1000, **more)

    for url in pages(listed, "QueueUrls", "NextToken", "NextToken"):
        yield f"arn:aws:sqs:{region}:{account}:{url.rpartition('/')[2]}"


def _read_queue(aws: Siblings, arn: str, account: str) -> Resource:
    url = aws.sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    told = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes") or {}
    return Resource(arn, QUEUE.type, account, tuple(filter(None, [told.get("Policy")])))


def _topic_arns(aws: Siblings, account: str, region: str) -> Iterator[str]:
    return (topic["TopicArn"] for topic in pages(aws.sns.list_topics, "Topics", "NextToken", "NextToken"))


def _read_topic(aws: Siblings, arn: str, account: str) -> Resource:
    told = aws.sns.get_topic_attributes(TopicArn=arn).get("Attributes") or {}
    return Resource(arn, TOPIC.type, account, tuple(filter(None, [told.get("Policy")])))


def _secret_arns(aws: Siblings, account: str, region: str) -> Iterator[str]:
    return (secret["ARN"] for secret in pages(aws.secretsmanager.list_secrets, "SecretList", "NextToken", "NextToken"))


def _read_secret(aws: Siblings, arn: str, account: str) -> Resource:
    policy = aws.secretsmanager.get_resource_policy(SecretId=arn).get("ResourcePolicy")
    return Resource(arn, SECRET.type, account, tuple(filter(None, [policy])))


ROLE = Kind("AWS::IAM::Role", "iam", _role_arns, _read_role)
BUCKET = Kind("AWS::S3::Bucket", "s3", _bucket_arns, _read_bucket)
KEY = Kind("AWS::KMS::Key", "kms", _key_arns, _read_key)
QUEUE = Kind("AWS::SQS::Queue", "sqs", _queue_arns, _read_queue)
TOPIC = Kind("AWS::SNS::Topic", "sns", _topic_arns, _read_topic)
SECRET = Kind("AWS::SecretsManager::Secret", "secretsmanager", _secret_arns, _read_secret)
KINDS = (ROLE, BUCKET, KEY, QUEUE, TOPIC, SECRET)
KIND_OF = {kind.type: kind for kind in KINDS}
