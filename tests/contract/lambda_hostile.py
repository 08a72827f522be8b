"""A function that tries to be root of the cloud it runs in, by what everybody knows."""

# The event names what it tries. It answers with what came of it, or with [status, code, message] of a refusal.
HOSTILE = """
import json, os, socket, struct, urllib.error, urllib.request
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

URL = os.environ["AWS_ENDPOINT_URL"]
HOST = urlsplit(URL)
KNOWN = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

def root(service, **options):
    return boto3.client(service, **KNOWN, **options)

def fetched(url, data=None):
    try:
        with urllib.request.urlopen(url, data, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()

def order(host=HOST.netloc, version="1.1"):
    "A signed request that makes a queue, as bytes."
    body = json.dumps({"QueueName": "planted"}).encode()
    headers = {"Host": host, "Content-Type": "application/x-amz-json-1.0",
               "X-Amz-Target": "AmazonSQS.CreateQueue"}
    asked = AWSRequest("POST", f"{URL}/", headers, body)
    SigV4Auth(Credentials("test", "test"), "sqs", "eu-west-1").add_auth(asked)
    lines = [f"{name}: {value}" for name, value in asked.headers.items()]
    head = "\\r\\n".join([f"POST / HTTP/{version}", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body

def told(connection, data):
    connection.settimeout(5)
    connection.sendall(data)
    return connection.recv(65536).decode()

def first_line(answer):
    return answer.split("\\r\\n")[0]

def in_json():
    root("lambda").get_function_configuration(FunctionName="secretive")

def in_xml():
    root("iam").create_user(UserName="planted")

def to_s3():
    root("s3").create_bucket(Bucket="planted", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

def by_url():
    return fetched(root("s3").generate_presigned_url("list_buckets"))

def by_form():
    given = root("s3").generate_presigned_post("open", "planted")
    edge = "----edge"
    parts = [f'--{edge}\\r\\nContent-Disposition: form-data; name="{name}"\\r\\n\\r\\n{value}\\r\\n'
             for name, value in [*given["fields"].items(), ("file", "x")]]
    body = ("".join(parts) + f"--{edge}--\\r\\n").encode()
    asked = urllib.request.Request(given["url"], body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
    return fetched(asked)

def in_other_clothes():
    connection = socket.socket(socket.AF_INET6)
    connection.connect(("::ffff:127.0.0.1", HOST.port))
    return first_line(told(connection, order()))

def without_a_name():
    connection = socket.create_connection((HOST.hostname, HOST.port))
    return first_line(told(connection, order("", "1.0")))

def encrypted():
    root("sqs", endpoint_url=URL.replace("http:", "https:"), verify=False).create_queue(QueueName="planted")

def tunnelled():
    connection = socket.create_connection((HOST.hostname, HOST.port))
    told(connection, b"CONNECT sqs.eu-west-1.amazonaws.com:80 HTTP/1.1\\r\\n\\r\\n")
    return first_line(told(connection, order()))

def relayed():
    connection = socket.create_connection((HOST.hostname, HOST.port))
    told(connection, f"CONNECT localhost:{HOST.port} HTTP/1.1\\r\\n\\r\\n".encode())
    return first_line(told(connection, order()))

def and_leave(linger=None):
    for _ in range(20):
        connection = socket.create_connection((HOST.hostname, HOST.port))
        if linger:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.sendall(order())
        connection.close()

def and_cut_off():
    and_leave(struct.pack("ii", 1, 0))

def to_admin():
    return [fetched(f"{URL}/_glasshouse/{name}", data)
            for name, data in [("clock", None), ("mail", None), ("clock", b'{"action": "freeze"}')]]

def to_site(url):
    asked = AWSRequest("GET", url, {"Host": HOST.netloc})
    SigV4Auth(Credentials("test", "test"), "lambda", "eu-west-1").add_auth(asked)
    return fetched(urllib.request.Request(url, headers=dict(asked.headers.items())))

def to_health():
    return fetched(f"{URL}/_localstack/health")[0]

def rightful():
    return [boto3.client("sqs").create_queue(QueueName=f"rightful-{n}")["QueueUrl"].split("/")[-1] for n in range(2)]

def in_between():
    "A key that everybody knows, after the role's and before it, on one connection."
    return [outcome(in_json), rightful(), outcome(in_json)]

def outcome(attempt, *arguments):
    try:
        return attempt(*arguments)
    except ClientError as refusal:
        return [refusal.response["ResponseMetadata"]["HTTPStatusCode"], refusal.response["Error"]["Code"],
                refusal.response["Error"]["Message"]]

def handler(event, context):
    name, *arguments = [event] if isinstance(event, str) else event
    return outcome(globals()[name], *arguments)
"""
