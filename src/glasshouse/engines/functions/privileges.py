"""Giving up privileges: each environment started by root runs as a user of its own.

What decides which code a program loads (LD_PRELOAD and its kin) is only set once the privileges are gone: it comes from
the function's author, and the programs that give the privileges up must not heed it.
"""

from collections.abc import Mapping

from .program import Program

FIRST_UID = 1_000_000
UIDS = range(FIRST_UID, FIRST_UID + 65_536)  # of all environments there may be
# As glibc's own list of what a privileged program may not heed.
HEEDED_BY_LOADERS = (
    "GCONV_PATH", "GETCONF_DIR", "GLIBC_", "HOSTALIASES", "LD_", "LOCALDOMAIN", "LOCPATH", "MALLOC_", "NIS_PATH",
    "NLSPATH", "RESOLV_HOST_CONF", "RES_OPTIONS", "TZDIR",
)  # fmt: skip


def uid_of(port: int) -> int:
    """The user of the environment whose Runtime API listens on this port: no other has either."""
    return FIRST_UID + port


def harmless(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith(HEEDED_BY_LOADERS)}


def descending(program: Program, uid: int | None) -> list[str]:
    """The program's command, behind what makes it run as that user and with the variables that are not harmless."""
    heeded = [f"{name}={value}" for name, value in program.variables.items() if name.startswith(HEEDED_BY_LOADERS)]
    command = ["/usr/bin/env", *heeded, *program.command] if heeded else [*program.command]
    if uid is None:
        return command
    drop = ["--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps=-all", "--no-new-privs", "--"]
    return ["setpriv", *drop, *command]
