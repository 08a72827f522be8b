"""What a function may use: time, memory, space and processes; and that it can harm nobody else."""

import json
import os
import re
import threading
from pathlib import Path

import pytest

from tests.contract.lambda_running import failed, invoked, logged, runnable

GROUP = "/aws/lambda/worker"
MEGABYTE = 1 << 20


# What is refused


def test_a_function_has_no_more_than_its_time(aws):
    name = runnable(aws, "import time\n\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=1)
    answer = aws("lambda").invoke(FunctionName=name)
    id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {id} Error: Task timed out after 1.00 seconds",
    }
    *_, note, end, report = logged(aws, GROUP)
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {id} Task timed out after 1\.00 seconds\n\n", note
    )
    assert end == f"END RequestId: {id}\n"
    assert "\tDuration: 1000.00 ms\tBilled Duration: " in report and report.endswith("\tStatus: timeout\t\n")


def test_a_function_in_an_endless_loop_is_ended(aws):
    name = runnable(aws, "def handler(event, context):\n    while True: pass\n", Timeout=1)
    assert failed(aws, name)["errorType"] == "Sandbox.Timedout"


def test_a_function_has_no_more_than_its_memory(aws):
    name = runnable(aws, "def handler(event, context):\n    return len(b'x' * event)\n", Timeout=20)
    assert invoked(aws, name, 40 * MEGABYTE) == 40 * MEGABYTE
    answer = aws("lambda").invoke(FunctionName=name, Payload=str(1 << 30))
    id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {id} Error: Runtime exited with error: signal: killed",
    }
    report = logged(aws, GROUP)[-1]
    assert "Max Memory Used: 128 MB" in report and "Error Type: Runtime.OutOfMemory" in report
    assert invoked(aws, name, 10) == 10


def test_a_function_with_more_memory_may_use_it(aws):
    name = runnable(aws, "def handler(event, context):\n    return len(b'x' * event)\n", MemorySize=512)
    assert invoked(aws, name, 300 * MEGABYTE) == 300 * MEGABYTE


def test_temporary_files_have_as_much_room_as_was_asked_for(aws):
    text = """
import shutil

def handler(event, context):
    try:
        with open("/tmp/file", "wb") as file:
            for _ in range(event):
                file.write(bytes(1 << 20))
    except OSError as failure:
        return str(failure)
    finally:
        total = shutil.disk_usage("/tmp").total
        open("/tmp/file", "wb").close()
    return total
"""
    name = runnable(aws, text, EphemeralStorage={"Size": 600}, Timeout=30)
    assert invoked(aws, name, 550) == 600 * MEGABYTE
    assert invoked(aws, name, 650) == "[Errno 28] No space left on device"


def test_only_temporary_files_can_be_written(aws):
    text = """
import os

def attempt(path):
    try:
        open(path, "w").close()
    except OSError as failure:
        return type(failure).__name__

def handler(event, context):
    return [attempt(path) for path in ("/var/task/x", "/opt/x", "/x", "/usr/x", "/etc/passwd", "/tmp/x")]
"""
    *others, temporary = invoked(aws, runnable(aws, text))
    assert all(others) and temporary is None


# What is done


@pytest.fixture
def neighbour(aws):
    """Another function, which goes on working."""
    text = "import os\n\ndef handler(event, context):\n    return os.environ['SECRET']\n"
    secret = {"Variables": {"SECRET": "a neighbour's"}}
    name = runnable(aws, text, name="neighbour", Environment=secret, Timeout=20)
    invoked(aws, name)
    return name


def beside(work, *others):
    """Do several things at once, and return what the first comes to."""
    threads = [threading.Thread(target=other) for other in others]
    for thread in threads:
        thread.start()
    found = work()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize(
    "harm",
    [
        "while True:\n        os.fork()",
        "while True:\n        pass",
        "return len(b'x' * (1 << 30))",
        "subprocess.run(['sh', '-c', ':(){ :|:& };:'])\n    time.sleep(60)",
    ],
    ids=["forks", "loops", "allocates", "bombs"],
)
def test_a_harmful_function_harms_nobody_else(aws, neighbour, harm):
    text = f"import os, subprocess, time\n\ndef handler(event, context):\n    {harm}\n"
    name = runnable(aws, text, Timeout=1)
    answers = []
    error = beside(lambda: failed(aws, name), lambda: answers.append(invoked(aws, neighbour)))
    assert error["errorType"] in ("Sandbox.Timedout", "Runtime.OutOfMemory", "OSError", "BlockingIOError")
    assert answers == ["a neighbour's"]
    assert invoked(aws, neighbour) == "a neighbour's"


def test_a_function_sees_nothing_of_the_cloud_and_its_other_functions(aws, cloud, neighbour):
    text = """
import os

def handler(event, context):
    seen = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            seen.add(open(f"/proc/{entry}/environ").read() + open(f"/proc/{entry}/cmdline").read())
        except OSError:
            pass
    processes = len([entry for entry in os.listdir("/proc") if entry.isdigit()])
    roots = sorted(os.listdir("/"))
    return [processes, any("neighbour" in one for one in seen), os.path.exists(event), os.listdir("/tmp"), roots]
"""
    directory = str(cloud.cloud.directory)
    processes, knows, finds, temporary, roots = invoked(aws, runnable(aws, text), directory)
    assert processes <= 3 and not knows and not finds and temporary == []
    assert not {"home", "boot", "srv", "mnt"} & set(roots)


def test_a_function_cannot_speak_for_another(aws, neighbour):
    """Whoever connects to another environment's Runtime API is not heard."""
    text = """
import socket

def ask(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            return connection.recv(100).decode()
    except OSError:
        return ""

def listening():
    for line in open("/proc/net/tcp").read().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            yield int(fields[1].split(":")[1], 16)

def handler(event, context):
    own = int(__import__("os").environ["AWS_LAMBDA_RUNTIME_API"].split(":")[1])
    return [port for port in event if ask(port)], own in event
"""
    where = "import os\n\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    other = runnable(aws, where, name="other")
    port = int(invoked(aws, other).split(":")[1])
    heard, own = invoked(aws, runnable(aws, text, Timeout=20), [port])
    assert heard == [] and not own
    assert int(invoked(aws, other).split(":")[1]) == port


def test_a_function_has_no_privileges(aws):
    text = """
import os, subprocess

def handler(event, context):
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
    sudo = subprocess.run(["sh", "-c", "mount -t tmpfs x /tmp; su -c true"], capture_output=True)
    return [os.getuid() != 0, int(status["CapEff"], 16), status["NoNewPrivs"], sudo.returncode != 0]
"""
    assert invoked(aws, runnable(aws, text)) == [True, 0, "1", True]


def test_what_loads_into_a_program_only_loads_without_privileges(aws):
    """LD_PRELOAD is the author's: it must not be heeded by what starts the function as root."""
    text = "import os\n\ndef handler(event, context):\n    return [os.environ['LD_PRELOAD'], os.getuid()]\n"
    name = runnable(aws, text, Environment={"Variables": {"LD_PRELOAD": "/var/task/evil.so"}})
    preload, uid = invoked(aws, name)
    assert preload == "/var/task/evil.so" and uid != 0
    assert all("evil.so" not in line or "cannot be preloaded" in line for line in logged(aws, GROUP))


# What happens next


def test_after_its_time_is_up_a_function_is_started_anew(aws):
    text = "import time\ncount = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n"
    text += "    time.sleep(event)\n    return count\n"
    name = runnable(aws, text, Timeout=1)
    assert invoked(aws, name, 0) == 1
    assert failed(aws, name, 30)["errorType"] == "Sandbox.Timedout"
    assert invoked(aws, name, 0) == 1


def test_what_runs_on_after_the_answer_is_frozen(aws):
    text = """
import threading, time
beats = []

def beat():
    while True:
        beats.append(time.monotonic())
        time.sleep(0.005)

def handler(event, context):
    if not beats:
        threading.Thread(target=beat, daemon=True).start()
    time.sleep(0.05)
    pauses = [later - earlier for earlier, later in zip(beats, beats[1:])]
    return max(pauses, default=0)
"""
    name = runnable(aws, text)
    invoked(aws, name)
    done = threading.Event()
    done.wait(0.4)
    assert invoked(aws, name) > 0.25


def test_nothing_is_left_of_functions_when_the_cloud_stops(aws, cloud):
    name = runnable(aws, "import os\n\ndef handler(event, context):\n    os.system('sleep 600 &')\n    return 1\n")
    invoked(aws, name)
    assert children()
    cloud.stop()
    assert not children()


def children() -> list[int]:
    """The processes that this one has started, or those have."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        while pid > 1 and pid != os.getpid():
            pid = parent(pid)
        if pid == os.getpid() != int(path.name):
            found.append(int(path.name))
    return found


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
