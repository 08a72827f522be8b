"""The commands. Only `up` has to do with the server; the others ask a running cloud."""

from typing import Annotated

import typer

from glasshouse.cli import clock, doctor, logs, mail, policy, running, shells, snapshot, terminal, up, walk
from glasshouse.cli.admin import URL, the_cloud
from glasshouse.cli.durations import written

PATIENCE_S = 30.0
app = typer.Typer(
    help="A cloud under glass: the AWS APIs on this machine.",
    epilog="Exit codes: 0 done; 1 the cloud refused or failed; 2 the command line was not understood; 3 no cloud is"
    " running, or it is not clear which one is meant; 4 the port or the data directory is taken.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("up", add_help_option=False, help=up.SUMMARY)
def up_(context: typer.Context):
    up.up(context.args)


@app.command()
def stop(url: URL = None):
    """Stop the running cloud. What it was told is kept, unless it is ephemeral."""
    cloud = the_cloud(url)
    process = running.at(cloud.url)
    if process is None:  # not of this user, or on another machine
        cloud.post("stop")
    else:
        with terminal.working("Stopping"):
            process.end(PATIENCE_S)
    print(f"Stopped {cloud.url}")


@app.command()
def status(url: URL = None):
    """Say what is running. Exit code 3 if nothing is."""
    cloud = the_cloud(url)
    health = cloud.get("health")
    process = running.at(cloud.url)
    print(f"Glasshouse {health.get('version', '')} runs at {cloud.url}" + (f" ({process.place})" if process else ""))
    now = cloud.get("clock")
    print(f"Its clock {'stands still at' if now['frozen'] else 'says'} {written(now['now'])}")
    services = sorted(health.get("services", {}))
    print(terminal.wrapped(f"{len(services)} services: ", services))


app.command("env")(shells.env)
app.add_typer(clock.app, name="clock")
app.add_typer(snapshot.app, name="snapshot")


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, url: URL = None):
    """Forget everything: all resources, all data, the setting of the clock."""
    cloud = the_cloud(url)
    if not yes and terminal.is_interactive():
        typer.confirm(f"Forget everything that the cloud at {cloud.url} holds?", abort=True)
    with terminal.working("Resetting"):
        cloud.post("reset")
    print(f"{cloud.url} is as new")


@app.command()
def ca(url: URL = None):
    """Print the authority (PEM) whose certificate the cloud shows on https, for AWS_CA_BUNDLE and the like."""
    print(the_cloud(url).get("ca")["certificate"], end="")


app.command("logs")(logs.logs)
app.command("doctor")(doctor.doctor)
app.add_typer(policy.app, name="policy")
app.command("walk", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(walk.walk)
app.command("mail")(mail.mail)
