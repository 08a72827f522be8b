"""The command line: it starts a cloud, and is a client of one that runs.

Only `up` touches the server, and in a process of its own; every other command speaks HTTP to `/_glasshouse/`.
"""

import sys


def main():
    """The entry point. Errors are one sentence on stderr; see `failures` for the exit codes."""
    from glasshouse.cli.failures import Failure

    try:
        command(sys.argv[1:])
    except Failure as failure:
        print(f"glasshouse: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
    except BrokenPipeError:  # such as `glasshouse logs | head`
        sys.stderr.close()
        sys.exit(0)


def command(arguments: list[str]):
    if arguments[:1] == ["up"]:  # without typer: see there
        from glasshouse.cli.up import up

        up(arguments[1:])
    else:
        from glasshouse.cli.commands import app

        app()
