"""What the user is told once a cloud runs."""

import textwrap

from glasshouse.cli.running import Running

OPEN = (
    "This cloud is OPEN: it verifies no signature and takes every access key for the root user's. Whoever can reach"
    " this machine's loopback address can do everything with it. Start it without --auth open unless a suite needs it."
)


def usage(cloud: Running, tools: dict[str, str], is_open: bool = False) -> str:
    """`tools` says how this user calls glasshouse and aws."""
    glasshouse, aws = tools["glasshouse"], tools["aws"]
    warning = f"\n{boxed(OPEN)}\n" if is_open else ""
    ending = f"{glasshouse} stop" if cloud.log else "Ctrl-C"
    return f"""\
{warning}
Glasshouse runs at {cloud.url} ({cloud.place}, process {cloud.pid}).

  eval "$({glasshouse} env)"      points the AWS tools of this shell at it; then, for instance:
  {aws} s3 mb s3://my-bucket
  {aws} s3 ls

  {glasshouse} status             what runs; also: logs, clock, snapshot, reset, doctor
  {ending:{len(glasshouse) + 7}}             ends it{_keeping(cloud)}
"""


def _keeping(cloud: Running) -> str:
    return "; what it was told is kept" if cloud.data else ", and all that it was told"


def boxed(text: str, width: int = 78) -> str:
    return "\n".join(("!" * width, *textwrap.wrap(text, width), "!" * width))
