"""`glasshouse walk NAME`: walk through a reference architecture, and report each step: what was done, what was seen.

A walk runs on a cloud of its own, which ends with it; the account is the one that AWS's articles print. A solution's
`walk.py` has a function `walk(step, aws)`:

    with step("Create the topic") as it:
        arn = aws("sns").create_topic(Name="MyTopic")["TopicArn"]
        it.saw(arn)

A walk of an article that prints another account names it: `ACCOUNT = "111122223333"`. One that kills its cloud and
starts it again says `KILLABLE = True`; its `aws.cloud` is then a process of its own. One that takes options has a
function `options(parser)` that declares them (argparse), and gets what was told as a third argument.
"""

import argparse
import copy
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.cli.failures import Failure, Misunderstood

if TYPE_CHECKING:
    from glasshouse.app import LiveCloud
    from glasshouse.cli.killable import KillableCloud

SOLUTIONS = Path(__file__).parents[3] / "solutions"
ACCOUNT = "123456789012"
REGION = "us-west-2"
WIDTH = 100


class Aws:
    """The cloud of a walk. Called with the name of a service it gives a boto3 client."""

    def __init__(self, cloud: "LiveCloud | KillableCloud", account: str, authority: Path, bundle: Path):
        self.cloud = cloud
        self.keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # of the root user
        self.url, self.clock, self.account, self.authority = cloud.url, cloud.clock, account, authority
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION,
            "HTTPS_PROXY": cloud.url, "NO_PROXY": "localhost,127.0.0.1,::1", "AWS_CA_BUNDLE": str(bundle),
            "SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": str(bundle), "NODE_EXTRA_CA_CERTS": str(authority),
        }  # fmt: skip
        """What a shell needs to run commands that name no endpoint; see `glasshouse env --transparent`."""

    def __call__(self, service: str, region: str = REGION, **options: Any):
        import boto3

        return boto3.client(service, region, endpoint_url=self.url, **{**self.keys, **options})

    def as_user(self, name: str, *statements: dict[str, Any]) -> "Aws":
        """The same for a new user, who may do what these statements of a policy grant and nothing else."""
        iam = self("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="Walks", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        other = copy.copy(self)
        other.keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
        other.environment = self.environment | {name.upper(): key for name, key in other.keys.items()}
        return other

    def remove_user(self, name: str):
        """What `as_user` made."""
        iam = self("iam")
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="Walks")
        iam.delete_user(UserName=name)

    def settle(self):
        """Until the cloud has done all that is due."""
        self.cloud.settle()


class Step:
    """One step of a walk, told as it goes."""

    def __init__(self, number: int, text: str, tell: Callable[[str], None]):
        self.number, self.text, self.tell = number, text, tell
        self.seen: list[str] = []

    def saw(self, what: object):
        """Note what was seen."""
        self.seen.append(str(what))

    def __enter__(self) -> "Step":
        self.tell(f"{self.number:3}. {self.text}")
        return self

    def __exit__(self, kind: type | None, failure: BaseException | None, trace: TracebackType | None):
        for line in self.seen:
            self.tell(f"     saw: {line if len(line) <= WIDTH else line[: WIDTH - 3] + '...'}")
        if failure:
            self.tell(f"     FAILED: {type(failure).__name__}: {failure}")


class Report:
    """The steps of a walk. Called with a text it begins the next one."""

    def __init__(self, tell: Callable[[str], None] = print):
        self._tell = tell
        self.steps: list[Step] = []

    def __call__(self, text: str) -> Step:
        self.steps.append(Step(len(self.steps) + 1, text, self._tell))
        return self.steps[-1]


def run(name: str, report: Report, words: Sequence[str] = ()):
    """Walk through a solution, with what the command line says after its name. Whatever its steps raise ends it."""
    module = _module(name)
    told = _told(name, module, words)
    account = getattr(module, "ACCOUNT", ACCOUNT)
    walked = _killable if getattr(module, "KILLABLE", False) else _living
    walked(account, lambda aws: module.walk(report, aws, *told))


def _living(account: str, walk: Callable[[Aws], None]):
    """In a cloud of this process."""
    from glasshouse.app import LiveCloud, Settings

    live = LiveCloud(Settings(port=0, account=account, transparent=True))
    try:
        bundle = live.run(lambda: live.server.gateway.authority().bundle())
        walk(Aws(live, account, bundle.with_name("ca.pem"), bundle))
    finally:
        live.stop()


def _killable(account: str, walk: Callable[[Aws], None]):
    """In a cloud that is a process of its own, with a data directory that ends with the walk."""
    import tempfile

    from glasshouse.cli.killable import KillableCloud

    with tempfile.TemporaryDirectory(prefix="glasshouse-walk-") as home:
        cloud = KillableCloud(Path(home), account)
        cloud.start()
        try:
            walk(Aws(cloud, account, cloud.authority, cloud.bundle))
        finally:
            cloud.stop()


def _told(name: str, module: Any, words: Sequence[str]) -> list[argparse.Namespace]:
    """What the options of a walk say, for one that has some. Raises Misunderstood for words after one that has none."""
    if not hasattr(module, "options"):
        if words:
            raise Misunderstood(f"The walk {name} takes no options, and was given: {' '.join(words)}")
        return []
    parser = argparse.ArgumentParser(f"glasshouse walk {name}", description=module.__doc__.splitlines()[0])
    module.options(parser)
    return [parser.parse_args(words)]


def walk(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The solution; without one, they are listed.")] = None,
):
    """Walk through a reference architecture on a cloud of its own. Some take options: NAME -- --help lists them."""
    if name is None:
        for found in names():
            print(found)
        return
    report = Report()
    try:
        run(name, report, context.args)
    except Failure:
        raise
    except Exception as failure:
        where = f"step {len(report.steps)}" if report.steps else "the start"
        raise Failure(f"{where} of {name} did not go as it should: {failure}") from failure
    print(f"Walked {name}: {len(report.steps)} steps, all as they should be")


def names() -> list[str]:
    return sorted(path.parent.name for path in SOLUTIONS.glob("*/walk.py"))


def _module(name: str):
    path = SOLUTIONS / name / "walk.py"
    if name not in names():
        known = ", ".join(names()) or "none here: they come with the source of Glasshouse"
        raise Misunderstood(f"There is no walk {name}. There are: {known}")
    missing = importlib.util.find_spec("boto3") is None
    if missing:
        raise Failure("Walks are made with boto3, which is not installed: pip install boto3")
    known = set(sys.modules)
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(f"walk_{name.replace('-', '_')}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
        _forget(path.parent, set(sys.modules) - known)
    return module


def _forget(folder: Path, loaded: set[str]):
    """The modules of one solution: another one may have some of the same names."""
    for name in loaded:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]
