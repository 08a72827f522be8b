"""The command line: it starts a cloud, and is a client of one that runs.

Only `up` touches the server, and in a process of its own; every other command speaks HTTP to `/_glasshouse/`.
"""

import sys


def main():
    """The entry point. Errors are one sentence on stderr; see `failures` for the exit codes."""
    from glasshouse.cli.commands import app
    from glasshouse.cli.failures import Failure

    try:
        app()
    except Failure as failure:
        print(f"glasshouse: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
    except BrokenPipeError:  # such as `glasshouse logs | head`
        sys.stderr.close()
        sys.exit(0)
