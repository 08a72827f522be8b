"""Running functions in tests: invoking them, and reading what they leave."""

import base64
import io
import json
import zipfile

from tests.contract.lambda_code import ECHO, active, execution_role, zipped

LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
OWN = "python3.11"  # the tests' own version: no other needs to be on the machine


def runnable(aws, text: str = ECHO, name: str = "worker", actions=LOGS, role: str | None = None, **settings) -> str:
    """A function of Python whose role may write logs; returns its name."""
    role = role or execution_role(aws, f"{name}-role", *actions)
    wanted = {
        "FunctionName": name, "Runtime": OWN, "Handler": "app.handler", "Code": {"ZipFile": zipped(text)}, "Role": role,
        **settings,
    }  # fmt: skip
    aws("lambda").create_function(**wanted)
    active(aws("lambda"), name)
    return name


def packed(files: dict[str, str | bytes], mode: int = 0o755) -> bytes:
    """A zip file whose members have a mode."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        for name, text in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (0o100000 | mode) << 16
            package.writestr(member, text)
    return written.getvalue()


def invoked(aws, name: str, event=None, **options):
    """What a function answers."""
    answer = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **options)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def failed(aws, name: str, event=None, **options) -> dict:
    """The error of a function that fails."""
    answer = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **options)
    assert answer["FunctionError"] == "Unhandled"
    return json.loads(answer["Payload"].read())


def tail(answer: dict) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def logged(aws, group: str) -> list[str]:
    """The messages of a log group, in their order."""
    return [event["message"] for event in aws("logs").filter_log_events(logGroupName=group)["events"]]
