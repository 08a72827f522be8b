"""The walk of signed notifications: see README.md for what each step is about."""

import base64
import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from receiver import Receiver

HERE = Path(__file__).parent
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
PRINTED = (
    "aws sns set-topic-attributes \\\n    --topic-arn arn:aws:sns:us-west-2:123456789012:MyTopic \\\n"
    "    --attribute-name SignatureVersion \\\n    --attribute-value 2"
)


TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
OWNS = {  # all that the owner of the topic may do
    "Effect": "Allow",
    "Action": [
        *("sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:Publish"),
        *("sns:Subscribe", "sns:ListSubscriptionsByTopic"),
    ],
    "Resource": [TOPIC, f"{TOPIC}s"],
}
LOOKS = {"Effect": "Allow", "Action": ["sns:ListTopics", "sns:SetSubscriptionAttributes"], "Resource": "*"}


def walk(step, aws):
    receiver = Receiver()
    owner = aws.as_user("owner", OWNS, LOOKS)
    try:
        topic, asked = subscribe(step, owner, receiver)
        change(step, owner, topic)
        message = verify(step, owner, topic, receiver)
        leave(step, owner, topic, receiver, message, asked)
    finally:
        receiver.close()
        aws.remove_user("owner")


def subscribe(step, aws, receiver: Receiver) -> tuple[str, dict[str, str]]:
    """A topic as it is at first, and the request for confirmation that its endpoint got."""
    sns = aws("sns")
    with step("Create the topic, as the article has it") as it:
        topic = sns.create_topic(Name="MyTopic")["TopicArn"]
        assert topic == TOPIC
        it.saw(topic)
    with step("Subscribe an HTTP endpoint, and verify that its confirmation is signed with SHA1") as it:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
        asked = receiver.next()
        assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
        assert asked.message["SignatureVersion"] == "1"
        it.saw(verified(aws, asked.message, "sha1"))
    with step("Confirm by visiting the SubscribeURL, once") as it:
        subscription = visit(aws, asked.message["SubscribeURL"])
        assert f"{topic}:" in subscription
        it.saw(f"{topic}:{subscription.partition(topic + ':')[2][:36]}")
        forged = asked.message["SubscribeURL"].replace("Token=", "Token=0")
        it.saw(f"with another token: {refused(aws, forged)}")
    with step("Publish a message: it is signed with SHA1") as it:
        sns.publish(TopicArn=topic, Subject="My First Message", Message="Hello world!")
        first = receiver.next().message
        assert first["SignatureVersion"] == "1" and first["Subject"] == "My First Message"
        it.saw(verified(aws, first, "sha1"))
    return topic, asked.message


def change(step, aws, topic: str):
    """The hash of a topic's signatures."""
    sns = aws("sns")
    with step("Run the printed command in a shell that names no endpoint") as it:
        done = subprocess.run(PRINTED, shell=True, env=aws.environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
        version = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"]
        assert version == "2"
        it.saw(f"SignatureVersion {version}")
    with step("The same by an SDK, as the printed Java method does; 3 is no version") as it:
        answer = sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        it.saw(f"Status was {status}. Topic {topic} updated SignatureVersion to 2")
        it.saw(
            failure(
                lambda: sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="3"),
                "InvalidParameter",
            )
        )
        unknown = f"{topic}s"
        it.saw(failure(lambda: sns.set_topic_attributes(
            TopicArn=unknown, AttributeName="SignatureVersion", AttributeValue="2"), "NotFound"))  # fmt: skip


def verify(step, aws, topic: str, receiver: Receiver) -> dict[str, str]:
    """Messages after the change. Returns one."""
    sns = aws("sns")
    with step("Publish again: the signature is made with SHA256, and is none by SHA1") as it:
        sns.publish(TopicArn=topic, Subject="My First Message", Message="Hello world!")
        second = receiver.next().message
        assert second["SignatureVersion"] == "2"
        it.saw(verified(aws, second, "sha256"))
        assert openssl(aws, second, "sha1") != "Verified OK"
    with step("What was changed on the way, or signed by a stranger, is refused") as it:
        it.saw(checked(aws, second | {"Message": "Hello, world!"}, "The message signature is invalid."))
        elsewhere = second | {"SigningCertURL": "https://sns.us-west-2.example.com/cert.pem"}
        it.saw(checked(aws, elsewhere, "The certificate is located on an invalid domain."))
        path, _, name = second["SigningCertURL"].rpartition("/")
        swapped = second | {"SigningCertURL": f"{path}/{name[:-8]}0000.pem"}
        it.saw(checked(aws, swapped, None))
    with step("A verifier from before the change knows version 1 alone") as it:
        told = "The signature version 2 is not supported."
        it.saw(checked(aws, second, told, package="sns-validator-before"))
    return second


def leave(step, aws, topic: str, receiver: Receiver, second: dict[str, str], asked: dict[str, str]):
    """Raw delivery, and the end of the subscription."""
    sns = aws("sns")
    with step("Raw delivery has no envelope, and says so in a header") as it:
        arn = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true")
        sns.publish(TopicArn=topic, Message="as it is")
        raw = receiver.next()
        assert raw.body == "as it is" and raw.headers["x-amz-sns-rawdelivery"] == "true"
        it.saw(raw.body)
    with step("Unsubscribe by the link in the message: the endpoint is told, signed, and can take it back") as it:
        visit(aws, second["UnsubscribeURL"])
        goodbye = receiver.next().message
        assert goodbye["Type"] == "UnsubscribeConfirmation", goodbye
        # By openssl alone: sns-validator 0.3.5 leaves the token out for this type, which AWS's guide signs.
        assert openssl(aws, goodbye, "sha256") == "Verified OK"
        it.saw("openssl: Verified OK (sha256)")
        it.saw(f"the first confirmation, replayed: {refused(aws, asked['SubscribeURL'])}")
    with step("Clean up") as it:
        sns.delete_topic(TopicArn=topic)
        assert sns.list_topics()["Topics"] == []
        it.saw("no topics")


def string_to_sign(message: dict[str, str]) -> str:
    """Names and values, a line each, in the order that the developer guide gives."""
    names = NOTIFICATION if message["Type"] == "Notification" else CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message)


def verified(aws, message: dict[str, str], algorithm: str) -> str:
    """Verify with openssl, by the certificate that the message names, and with the verifier for Node.js."""
    assert openssl(aws, message, algorithm) == "Verified OK"
    if not node():
        return f"openssl: Verified OK ({algorithm}); Node.js or npm is not installed, so sns-validator was not asked"
    said = validator(aws, message)
    assert said == "verified", said
    return f"openssl: Verified OK ({algorithm}); sns-validator: verified"


def openssl(aws, message: dict[str, str], algorithm: str) -> str:
    """What `openssl dgst -verify` says, after the certificate's chain was verified up to the cloud's authority."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "certificate.pem").write_text(fetch(aws, message["SigningCertURL"]))
        (place / "signature").write_bytes(base64.b64decode(message["Signature"]))
        (place / "signed").write_text(string_to_sign(message))
        chain = ["openssl", "verify", "-CAfile", str(aws.authority), "certificate.pem"]
        assert run(chain, place).strip() == "certificate.pem: OK"
        (place / "key.pem").write_text(run(["openssl", "x509", "-in", "certificate.pem", "-pubkey", "-noout"], place))
        ask = ["openssl", "dgst", f"-{algorithm}", "-verify", "key.pem", "-signature", "signature", "signed"]
        return subprocess.run(ask, cwd=place, capture_output=True, text=True, check=False).stdout.strip()


def run(command: list[str], place: Path) -> str:
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout


def fetch(aws, url: str) -> str:
    """Over https, as the host that the URL names, by way of the proxy."""
    import ssl

    context = ssl.create_default_context(cafile=str(aws.authority))
    proxy = urllib.request.ProxyHandler({"https": aws.environment["HTTPS_PROXY"]})
    opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=60) as answer:
        return answer.read().decode()


def visit(aws, url: str) -> str:
    assert urlsplit(url).scheme in ("http", "https")
    if urlsplit(url).scheme == "https":
        return fetch(aws, url)
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode()


def refused(aws, url: str) -> str:
    try:
        visit(aws, url)
    except urllib.error.HTTPError as failure:
        return f"HTTP {failure.code}"
    raise AssertionError(f"{url} was not refused")


def failure(action, code: str) -> str:
    """That an operation is refused with this code."""
    try:
        action()
    except ClientError as refusal:
        error = refusal.response["Error"]
        assert error["Code"] == code, error
        return f"{error['Code']}: {error['Message']}"
    raise AssertionError(f"nothing was refused with {code}")


def checked(aws, message: dict[str, str], told: str | None, package: str = "sns-validator") -> str:
    """That the verifier refuses a message, in these words if any are given."""
    if not node():
        return "Node.js or npm is not installed, so sns-validator was not asked"
    said = validator(aws, message, package)
    assert said.startswith("refused: ") and (told is None or said == f"refused: {told}"), said
    return said


def validator(aws, message: dict[str, str], package: str = "sns-validator") -> str:
    script = (HERE / "verify.js").read_text().replace("'sns-validator'", f"'{package}'")
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(message), env=aws.environment, cwd=modules(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def node() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


def modules() -> Path:
    """Where the verifiers are installed, on first use."""
    if not (HERE / "node_modules").exists():
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
        subprocess.run(install, cwd=HERE, check=True)
    return HERE
