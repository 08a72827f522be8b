"""Browser uploads: an object from an HTML form, whose policy the server behind the page has signed.

The gateway has verified the signature and received the file; what the policy allows is checked here, and then whether
the signer may put the object. A form without a policy is anonymous.
"""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

from glasshouse.core.call import Call
from glasshouse.core.tags import from_list
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.s3.errors import AccessDenied, InvalidArgument, MalformedXML, PreconditionFailed
from glasshouse.services.s3.tagging import object_tags

MEMBERS = {
    "acl": "ACL", "cache-control": "CacheControl", "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding", "content-language": "ContentLanguage", "content-md5": "ContentMD5",
    "content-type": "ContentType", "expires": "Expires", "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation", "x-amz-grant-read": "GrantRead",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId", "x-amz-grant-full-control": "GrantFullControl",
    "x-amz-server-side-encryption-context": "SSEKMSEncryptionContext",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-grant-read-acp": "GrantReadACP", "x-amz-grant-write-acp": "GrantWriteACP", "x-amz-tagging": "Tagging",
    "x-amz-checksum-crc32": "ChecksumCRC32", "x-amz-checksum-crc32c": "ChecksumCRC32C",
    "x-amz-checksum-crc64nvme": "ChecksumCRC64NVME", "x-amz-checksum-sha1": "ChecksumSHA1",
    "x-amz-checksum-sha256": "ChecksumSHA256",
}  # fmt: skip
TOLD = {
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-version-id": "VersionId", "x-amz-expiration": "Expiration",
}  # fmt: skip
METADATA = "x-amz-meta-"
FILE_NAME = "${filename}"
STATUSES = {"200": 200, "201": 201}


class Forms:
    def _upload_form(self, visit: Visit, bucket: str) -> Answer:
        if not visit.form:
            raise PreconditionFailed(Condition="Bucket POST must be of the enclosure-type multipart/form-data")
        names = {name.lower(): name for name, _ in visit.form if name != "file"}
        fields = _fields(visit.form, bucket)
        if "policy" in fields:
            if visit.principal.kind == "anonymous":
                raise AccessDenied()
            from glasshouse.services.s3 import form_policy

            policy = form_policy.read(fields["policy"])
            policy.check(fields, names, self.cloud.clock.real())
            policy.check_size(visit.body.size)
        return self._put_form(visit, bucket, fields)

    def _put_form(self, visit: Visit, bucket: str, fields: dict[str, str]) -> Answer:
        key = fields["key"]
        params = {"Bucket": bucket, "Key": key, **_members(fields)}
        found = self._bucket(bucket)
        call = Call(
            "s3", "PutObject", params, found.account, found.region, visit.principal, self.call.request_id, visit.source
        )
        service = type(self)(self.cloud, call)
        self.cloud.access.authorize(service, self.cloud.model.operation("s3", "PutObject"))
        tags = _tags(fields["tagging"]) if fields.get("tagging") else {}
        answer = service._put(found, key, visit.body, params, "Post")
        if tags:
            version = self.versions.current(bucket, key)
            version.tags = tags
            self.versions.save(version)
        return _answer(fields, f"{visit.source.origin}/{bucket}/{quote(key, safe='')}", answer)


def _fields(form: list[tuple[str, str]], bucket: str) -> dict[str, str]:
    """The fields by their names in lower case, with what is said by other means: the bucket, and the file's name."""
    given = {name.lower(): value for name, value in form}
    file_name = given.pop("file", "").replace("\\", "/").rpartition("/")[2]
    if "key" not in given:
        raise InvalidArgument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
            ArgumentName="key", ArgumentValue="",
        )  # fmt: skip
    fields = {"bucket": bucket, **given}
    return {name: value.replace(FILE_NAME, file_name) for name, value in fields.items()}


def _members(fields: dict[str, str]) -> dict[str, Any]:
    """What the fields say, as members of PutObject."""
    members: dict[str, Any] = {member: fields[name] for name, member in MEMBERS.items() if name in fields}
    metadata = {name[len(METADATA) :]: value for name, value in fields.items() if name.startswith(METADATA)}
    return members | {"Metadata": metadata} if metadata else members


def _tags(document: str) -> dict[str, str]:
    """The tags of the field `tagging`, which is the document that PutObjectTagging takes."""
    if "<!" in document:
        raise MalformedXML()
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        raise MalformedXML() from None
    found = []
    for tag in root.iter():
        if tag.tag.rpartition("}")[2] == "Tag":
            parts = {part.tag.rpartition("}")[2]: part.text or "" for part in tag}
            if "Key" not in parts:
                raise MalformedXML()
            found.append({"Key": parts["Key"], "Value": parts.get("Value", "")})
    return from_list([{"Key": key, "Value": value} for key, value in object_tags(found).items()])


def _answer(fields: dict[str, str], location: str, put: dict) -> Answer:
    headers = {"etag": put["ETag"], "location": location}
    headers |= {name: put[member] for name, member in TOLD.items() if put.get(member)}
    redirect = urlsplit(fields.get("success_action_redirect") or fields.get("redirect") or "")
    if redirect.scheme in ("http", "https") and redirect.netloc:
        told = urlencode({"bucket": fields["bucket"], "key": fields["key"], "etag": put["ETag"]}, quote_via=quote)
        query = f"{redirect.query}&{told}" if redirect.query else told
        return Answer(303, headers | {"location": redirect._replace(query=query).geturl()})
    status = STATUSES.get(fields.get("success_action_status", ""), 204)
    if status != 201:
        return Answer(status, headers)
    root = ElementTree.Element("PostResponse")
    shown = {"Location": location, "Bucket": fields["bucket"], "Key": fields["key"], "ETag": put["ETag"]}
    for name, value in shown.items():
        ElementTree.SubElement(root, name).text = value
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="utf-8")
    return Answer(201, headers | {"content-type": "application/xml"}, body)
