"""`glasshouse`: starting a cloud, asking it, moving its clock, keeping its state, ending it."""

import json
import os
import re
import signal
import socket
import stat
import subprocess

import botocore.exceptions
import pytest

from glasshouse.cli.running import Running, is_alive


def put(shell, value: str, **options):
    shell.client("ssm", **options).put_parameter(Name="/a", Value=value, Type="String", Overwrite=True)


def got(shell) -> list[str]:
    return [it["Value"] for it in shell.client("ssm").get_parameters(Names=["/a"])["Parameters"]]


# What is refused


def test_a_command_without_a_cloud_says_how_to_start_one(shell):
    for command in ("status", "stop", "env", "reset", "logs"):
        assert "No cloud is running. Start one with: glasshouse up" in shell.run(command, code=3)


def test_where_nothing_answers_it_says_so(shell):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert f"No cloud answers at {url}" in shell.run("status", "--url", url, code=3)


def test_a_port_that_somebody_has_is_refused_in_a_sentence(shell):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for how in (["--detach"], []):
            said = shell.run("up", "--ephemeral", "--port", port, *how, code=4)
            assert said == f"glasshouse: Cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_a_data_directory_belongs_to_one_cloud_at_a_time(shell):
    shell.up("--data", "kept")
    said = shell.run("up", "--detach", "--port", "0", "--data", "kept", code=4)
    assert said == f"glasshouse: Another cloud is running with the data in {shell.home / 'kept'}\n"


def test_with_several_clouds_one_has_to_be_named(shell):
    one, other = shell.up("--ephemeral"), shell.up()
    said = shell.run("status", code=3)
    assert one in said and other in said and "--url" in said
    assert one in shell.run("status", "--url", one)
    assert other in shell.run("status", GLASSHOUSE_URL=other)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--account", "12"], "--account takes twelve digits, not 12"),
        (["--data", "x", "--ephemeral"], "choose one"),
        (["--auth", "open", "--host", "0.0.0.0"], "loopback only"),
        (["--auth", "maybe"], "invalid choice"),
        (["--port", "http"], "invalid int"),
    ],
)
def test_options_that_make_no_sense_are_refused(shell, options, words):
    assert words in shell.run("up", *options, code=2)


def test_durations_and_moments_that_make_no_sense_are_refused(shell):
    shell.up("--ephemeral")
    assert "write it like" in shell.run("clock", "advance", "soon", code=2)
    assert "write it like" in shell.run("clock", "set", "tomorrow", code=2)


# What is done


def test_a_cloud_starts_says_how_to_use_it_and_stops(shell):
    said = shell.run("up", "--detach", "--port", "0")
    (noted,) = shell.noted().values()
    assert f"Glasshouse runs at {noted['url']}" in said and "env)" in said and "s3 mb" in said and "stop" in said
    assert noted["url"] in shell.run("status")
    assert f"Stopped {noted['url']}" in shell.run("stop")
    assert shell.noted() == {}
    assert not is_alive(Running(**noted))


def test_starting_it_twice_is_starting_it_once(shell):
    url = shell.up("--data", "kept")
    port = url.rpartition(":")[2]
    assert url in shell.run("up", "--detach", "--port", port, "--data", "kept")
    assert len(shell.noted()) == 1
    assert "running at" in shell.run("up", "--detach", "--port", port, "--ephemeral", code=4)


def test_its_file_is_for_the_user_only(shell):
    shell.up("--ephemeral")
    (path,) = shell.noted()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_exports_are_for_the_shell_that_is_asked_for(shell):
    url = shell.up("--ephemeral")
    sh = shell.run("env")
    assert f"export AWS_ENDPOINT_URL={url}\n" in sh and "unset AWS_PROFILE" in sh
    assert f"set -gx AWS_ENDPOINT_URL {url};" in shell.run("env", "--shell", "fish")
    assert f"set -gx AWS_ENDPOINT_URL {url};" in shell.run("env", SHELL="/usr/bin/fish")
    assert "AWS_REGION=eu-west-1" in shell.run("env", AWS_REGION="eu-west-1")
    assert f'$Env:AWS_ENDPOINT_URL = "{url}"' in shell.run("env", "--shell", "powershell")
    script = f'{sh}\npython -c \'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])\''
    ran = subprocess.run(["bash", "-c", script], env=shell.environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "arn:aws:iam::000000000000:root\n"


def test_a_profile_is_printed_or_written_and_the_aws_cli_takes_it(shell):
    url = shell.up("--ephemeral")
    assert f"[profile glass]\nregion = us-east-1\nendpoint_url = {url}\n" in shell.run("env", "--profile", "glass")
    shell.run("env", "--profile", "glass", "--write")
    aws = ["aws", "--profile", "glass", "sts", "get-caller-identity", "--query", "Account"]
    ran = subprocess.run(aws, env=shell.environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == '"000000000000"'


def test_another_account_is_asked_for_by_its_number(shell):
    shell.up("--ephemeral", "--account", "123456789012")
    assert shell.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"


def test_an_open_cloud_says_so_loudly_and_takes_any_key(shell):
    said = shell.run("up", "--detach", "--port", "0", "--ephemeral", "--auth", "open")
    assert "This cloud is OPEN" in said
    sts = shell.client("sts", aws_access_key_id="111122223333", aws_secret_access_key="whatever")
    assert sts.get_caller_identity()["Account"] == "111122223333"


def test_a_verified_cloud_takes_no_strangers(shell):
    shell.up("--ephemeral")
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidClientTokenId"):
        shell.client("sts", aws_access_key_id="111122223333").get_caller_identity()


def test_beyond_loopback_the_root_key_is_a_random_one_and_stays(shell):
    keys = []
    for _ in range(2):
        shell.up("--host", "0.0.0.0")
        (noted,) = shell.noted().values()
        keys.append(noted["access_key_id"])
        assert shell.client("sts").get_caller_identity()["Account"] == "000000000000"
        assert f"AWS_ACCESS_KEY_ID={keys[-1]}" in shell.run("env")
        with pytest.raises(botocore.exceptions.ClientError, match="InvalidClientTokenId"):
            shell.client("sts", aws_access_key_id="test", aws_secret_access_key="test").get_caller_identity()
        shell.run("stop")
    assert keys[0] == keys[1] and keys[0].startswith("AKIA")


def test_doctor_tells_what_is_there_and_what_is_missing(shell):
    said = shell.run("doctor")
    assert re.search(r"^git\t(\d[\d.]*|missing)\t", said, re.MULTILINE) and "SQLite" in said
    shell.up("--ephemeral")
    assert "gave up on 0 jobs" in shell.run("doctor")


def test_the_log_of_a_cloud_in_the_background_is_printed(shell):
    shell.up("--ephemeral", "--unsupported", "warn")
    shell.client("ssm").describe_parameters(Shared=True)  # by other accounts, which Glasshouse does not know of
    assert "ssm:DescribeParameters: ignored what is not supported: Shared" in shell.run("logs")


# What happens next


def test_what_it_was_told_is_there_after_a_stop_and_after_a_kill(shell):
    shell.up()
    put(shell, "1")
    shell.run("stop")
    shell.up()
    assert got(shell) == ["1"]
    put(shell, "2")
    (noted,) = shell.noted().values()
    os.kill(noted["pid"], signal.SIGKILL)
    shell.up()
    assert got(shell) == ["2"] and len(shell.noted()) == 1


def test_an_ephemeral_cloud_forgets(shell):
    shell.up("--ephemeral")
    put(shell, "1")
    shell.run("stop")
    shell.up("--ephemeral")
    assert got(shell) == []


def test_a_reset_forgets_everything(shell):
    shell.up()
    put(shell, "1")
    shell.run("clock", "advance", "4d")
    shell.run("reset")
    assert got(shell) == [] and "ahead" not in shell.run("clock", "show")


def test_a_snapshot_brings_back_what_was(shell):
    shell.up()
    put(shell, "1")
    assert str(shell.home / "saved") in shell.run("snapshot", "save", "saved")
    put(shell, "2")
    shell.run("snapshot", "load", "saved")
    assert got(shell) == ["1"]
    assert "saved" in shell.run("snapshot", "save", "saved", code=1)
    assert "absent" in shell.run("snapshot", "load", "absent", code=1)


def test_a_snapshot_of_one_cloud_is_loaded_by_another(shell):
    shell.up("--ephemeral")
    put(shell, "1")
    shell.run("snapshot", "save", "saved")
    shell.run("stop")
    shell.up("--data", "other")
    shell.run("snapshot", "load", "saved")
    shell.run("stop")
    shell.up("--data", "other")
    assert got(shell) == ["1"]


def test_the_clock_is_moved_stopped_and_stays_so_after_a_restart(shell):
    shell.up()
    assert re.fullmatch(r"\S+Z  running\n", shell.run("clock", "show"))
    assert "running, 1w 2d ahead of the machine's" in shell.run("clock", "advance", "1w2d")
    shell.run("clock", "freeze")
    assert shell.run("clock", "set", "2031-01-31T12:00").startswith("2031-01-31T12:00:00Z  frozen")
    assert shell.run("clock", "advance", "90m").startswith("2031-01-31T13:30:00Z  frozen")
    shell.run("stop")
    shell.up()
    assert shell.run("clock", "show").startswith("2031-01-31T13:30:00Z  frozen")
    assert "stands still at 2031-01-31T13:30:00Z" in shell.run("status")
    assert "running" in shell.run("clock", "resume")


def test_a_stranger_with_the_process_id_of_a_cloud_is_left_alone(shell):
    shell.up("--ephemeral")
    ((path, noted),) = shell.noted().items()
    os.kill(noted["pid"], signal.SIGTERM)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as stranger:
        path.write_text(json.dumps({**noted, "pid": stranger.pid}))
        assert "No cloud is running" in shell.run("stop", code=3)
        assert stranger.poll() is None
        stranger.stdin.close()
