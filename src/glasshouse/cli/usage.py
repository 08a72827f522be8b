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
    lines = (
        (f'eval "$({glasshouse} env)"', "points the AWS tools of this shell at it; then, for instance:"),
        (f"{aws} s3 mb s3://my-bucket", ""),
        (f"{aws} s3 ls", ""),
        (f"{glasshouse} status", "what runs; also: logs, clock, snapshot, reset, doctor"),
        (f"{glasshouse} stop" if cloud.log else "Ctrl-C", f"ends it{_keeping(cloud)}"),
    )
    width = max(len(command) for command, _ in lines)
    listed = "\n".join(f"  {command:{width}}   {meaning}".rstrip() for command, meaning in lines)
    warning = f"\n{boxed(OPEN)}\n" if is_open else ""
    return f"{warning}\nGlasshouse runs at {cloud.url} ({cloud.place}, process {cloud.pid}).\n\n{listed}\n"


def _keeping(cloud: Running) -> str:
    return "; what it was told is kept" if cloud.data else ", and all that it was told"


def boxed(text: str, width: int = 78) -> str:
    return "\n".join(("!" * width, *textwrap.wrap(text, width), "!" * width))
