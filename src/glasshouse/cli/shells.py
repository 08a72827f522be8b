"""`glasshouse env`: how the AWS tools are pointed at a cloud, as exports for a shell or as a profile."""

import os
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli import profiles, running
from glasshouse.cli.admin import URL, Admin, the_cloud
from glasshouse.cli.failures import Failure

HERE = "localhost,127.0.0.1,::1"
TEST_KEY = "test"  # root's, on loopback
ADDRESSES_HERE = re.compile(r"https?://(localhost|127\.[\d.]+|\[::1\])[:/]")
# What would take precedence over the exports, or send the tools elsewhere.
UNSET = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


class Shell(StrEnum):
    sh = "sh"
    fish = "fish"
    powershell = "powershell"


FORMS = {
    Shell.sh: ("export {name}={value}", "unset {name}"),
    Shell.fish: ("set -gx {name} {value};", "set -e {name};"),
    Shell.powershell: ('$Env:{name} = "{value}"', "Remove-Item Env:{name} -ErrorAction SilentlyContinue"),
}
# Version 1 of the AWS CLI does not heed AWS_ENDPOINT_URL for SQS, RDS, EMR and some more (it puts an older host name in
# its place), and version 2 not at all before 2.13. All of them heed the option.
OLDER_CLI = {
    Shell.sh: """\
aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"; }
if [ -n "${BASH_VERSION:-}" ]; then export -f aws; fi""",
    Shell.fish: "function aws; command aws --endpoint-url $AWS_ENDPOINT_URL $argv; end;",
    Shell.powershell: """\
function aws { & (Get-Command aws -CommandType Application)[0] --endpoint-url $Env:AWS_ENDPOINT_URL @args }""",
}


def env(
    shell: Annotated[Shell | None, typer.Option(help="Whose exports to print; by default your SHELL's.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Print an AWS profile of this name.")] = None,
    region: Annotated[str, typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"])] = "us-east-1",
    transparent: Annotated[
        bool, typer.Option("--transparent", help="No endpoint: a proxy that answers as AWS's own hosts.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the profile into the AWS configuration file.")] = False,
    url: URL = None,
):
    """Print what points the AWS tools at the cloud: eval "$(glasshouse env)"."""
    cloud = the_cloud(url)
    settings = settings_of(cloud, region)
    if transparent:
        shell = shell or guessed()
        print("\n".join(exports(transparently(cloud, settings), shell, (*UNSET, "AWS_ENDPOINT_URL"), older=False)))
        return
    if write and not profile:
        profile = "glasshouse"
    if not profile:
        print("\n".join(exports(settings, shell or guessed())))
        return
    section = profiles.section(profile, settings)
    if write:
        path = Path(os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws" / "config")
        profiles.write(path, profile, section)
        print(f"Wrote the profile into {path}. Use it with: aws --profile {profile} ... or AWS_PROFILE={profile}")
    else:
        print(section, end="")


def settings_of(cloud: Admin, region: str) -> dict[str, str]:
    """The variables that the AWS SDKs and tools read."""
    process = running.at(cloud.url)
    if process is None and not ADDRESSES_HERE.match(cloud.url):
        raise Failure(f"The keys of {cloud.url} are known where it was started: run `glasshouse env` there")
    cloud.get("health")
    return {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": process.access_key_id if process else TEST_KEY,
        "AWS_SECRET_ACCESS_KEY": process.secret_access_key if process else TEST_KEY,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
    }


def transparently(cloud: Admin, settings: dict[str, str]) -> dict[str, str]:
    """The same without an endpoint: the way to AWS's own hosts leads to the cloud, which they are told to trust."""
    process = running.at(cloud.url)
    if process is None or process.bundle is None:
        raise Failure(f"The cloud at {cloud.url} is no proxy: start it with glasshouse up --transparent")
    ours = Path(process.bundle).with_name("ca.pem")
    bundles = dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), process.bundle)
    return {
        **{name: value for name, value in settings.items() if name != "AWS_ENDPOINT_URL"},
        "HTTPS_PROXY": process.url, "https_proxy": process.url, "NO_PROXY": HERE, "no_proxy": HERE,
        **bundles, "NODE_EXTRA_CA_CERTS": str(ours),
    }  # fmt: skip


def exports(settings: dict[str, str], shell: Shell, unwanted: Sequence[str] = UNSET, older: bool = True) -> list[str]:
    assign, unset = FORMS[shell]
    set_ = [assign.format(name=name, value=value) for name, value in settings.items()]
    last = [OLDER_CLI[shell]] if older else []
    return [*set_, *(unset.format(name=name) for name in unwanted), *last]


def guessed() -> Shell:
    if os.name == "nt" or "PSModulePath" in os.environ:
        return Shell.powershell
    return Shell.fish if os.environ.get("SHELL", "").endswith("fish") else Shell.sh
