"""Plain HTTP to a cloud, as a browser speaks it to a bucket, and a bucket that is open to everybody."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit
from xml.etree import ElementTree

BUCKET = "page"
NO_BLOCKS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


def browser(endpoint):
    """`ask(method, path, body, **headers)` answers (status, headers, body)."""
    address = urlsplit(endpoint)

    def ask(method, path, body=None, **headers):
        connection = HTTPConnection(address.hostname, address.port, timeout=10)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    return ask


def error_of(body):
    """The members of an error document."""
    return {element.tag: element.text for element in ElementTree.fromstring(body)}


def open_to_all(s3, *actions, bucket=BUCKET, effect="Allow"):
    """Let everybody read the objects, or do what is named."""
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=NO_BLOCKS)
    statements = []
    for action in actions or ("s3:GetObject",):
        on = f"arn:aws:s3:::{bucket}" if action == "s3:ListBucket" else f"arn:aws:s3:::{bucket}/*"
        statements.append({"Effect": effect, "Principal": "*", "Action": action, "Resource": on})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
