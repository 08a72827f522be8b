"""Functions that fail: in their handlers, before they are ready, or by leaving."""

import json
import re

import pytest

from tests.contract.lambda_code import refused, updated, zipped, zipped_files
from tests.contract.lambda_running import failed, invoked, logged, packed, runnable

GROUP = "/aws/lambda/worker"


# What is refused


def test_an_error_of_a_handler_is_told_in_the_shape_of_aws(aws):
    text = "def inner():\n    raise KeyError('gone')\n\ndef handler(event, context):\n    return [inner()]\n"
    name = runnable(aws, text)
    answer = aws("lambda").invoke(FunctionName=name)
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorMessage": "'gone'",
        "errorType": "KeyError",
        "requestId": answer["ResponseMetadata"]["RequestId"],
        "stackTrace": [
            '  File "/var/task/app.py", line 5, in handler\n    return [inner()]\n',
            "  File \"/var/task/app.py\", line 2, in inner\n    raise KeyError('gone')\n",
        ],
    }
    error = next(message for message in logged(aws, GROUP) if message.startswith("[ERROR]"))
    assert error.startswith("[ERROR] KeyError: 'gone'\nTraceback (most recent call last):\n")
    assert "Status" not in logged(aws, GROUP)[-1]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("import nothing_there\n", "Runtime.ImportModuleError",
         "Unable to import module 'app': No module named 'nothing_there'"),
        ("x = 1\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
        ("raise ValueError('early')\n", "ValueError", "early"),
    ],
)  # fmt: skip
def test_what_keeps_a_function_from_starting_is_told(aws, text, kind, message):
    error = failed(aws, runnable(aws, text))
    assert error["errorType"] == kind and error["errorMessage"].startswith(message)
    assert error["requestId"] == "" and isinstance(error["stackTrace"], list)


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("nothing", "Runtime.MalformedHandlerName", "Bad handler 'nothing': "),
        (
            "missing.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'missing': No module named 'missing'",
        ),
        ("sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ],
)
def test_a_handler_must_be_there(aws, handler, kind, message):
    error = failed(aws, runnable(aws, Handler=handler))
    assert error["errorType"] == kind and error["errorMessage"].startswith(message)


def test_a_failing_start_is_tried_twice_and_logged(aws):
    failed(aws, runnable(aws, "raise ValueError('early')\n"))
    init, error, first, again, second, start, end, _ = logged(aws, GROUP)
    assert init.startswith("INIT_START ") and error == again and error.startswith("[ERROR] ValueError: early\n")
    shape = r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: %s\tStatus: error\tError Type: ValueError\n"
    assert re.fullmatch(shape % "init", first) and re.fullmatch(shape % "invoke", second)
    assert start.startswith("START ") and end.startswith("END ")


def test_what_is_no_json_cannot_be_returned(aws):
    name = runnable(aws, "def handler(event, context):\n    return {1, 2}\n")
    error = failed(aws, name)
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"


def test_an_answer_may_have_six_megabytes(aws):
    name = runnable(aws, "def handler(event, context):\n    return 'x' * event\n")
    assert len(invoked(aws, name, 6_291_000)) == 6_291_000
    error = failed(aws, name, 6_291_555)
    assert error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert len(invoked(aws, name, 10)) == 10


def test_a_runtime_that_the_machine_cannot_run_is_refused_in_words(aws):
    name = runnable(aws, Runtime="java21")
    code, message = refused(aws("lambda").invoke, FunctionName=name)
    assert code == "NotSupported" and "java21" in message


def test_a_function_of_its_own_runtime_needs_a_bootstrap(aws):
    client = aws("lambda")
    name = runnable(aws, Runtime="provided.al2023", Handler="x")
    error = failed(aws, name)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert "Couldn't find valid bootstrap(s): [/var/runtime/bootstrap /var/task/bootstrap" in error["errorMessage"]
    client.update_function_code(FunctionName=name, ZipFile=packed({"bootstrap": "#!/bin/sh\n"}, mode=0o644))
    updated(client, name)
    assert failed(aws, name)["errorMessage"].endswith("Error: fork/exec /var/task/bootstrap: permission denied")


# What is done


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit(1)", "Runtime exited with error: exit status 1"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
def test_a_function_that_leaves_is_told_of(aws, how, told):
    name = runnable(aws, f"import os, sys\n\ndef handler(event, context):\n    {how}\n")
    answer = aws("lambda").invoke(FunctionName=name)
    id = answer["ResponseMetadata"]["RequestId"]
    error = json.loads(answer["Payload"].read())
    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {id} Error: {told}"}
    *_, note, _, report = logged(aws, GROUP)
    assert note == f"RequestId: {id} Error: {told}\nRuntime.ExitError\n"
    assert "\tStatus: error\tError Type: Runtime.ExitError\t" in report


def test_a_function_that_leaves_while_it_starts_is_told_of(aws):
    error = failed(aws, runnable(aws, "import os\nos._exit(9)\n"))
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 9")


def test_errors_of_node_have_its_shape(aws):
    files = {
        "index.js": """
exports.thrown = async () => { throw new RangeError("too far"); };
exports.called = (event, context, callback) => callback("just text");
exports.uncaught = (event, context, callback) => { setTimeout(() => { throw new TypeError("late"); }, 1); };
exports.rejected = () => { Promise.reject(new Error("nobody")); return new Promise(() => setTimeout(() => {}, 500)); };
""",
        "broken.js": "const x = ;\n",
    }
    client = aws("lambda")
    name = runnable(aws, Runtime="nodejs20.x", Handler="index.thrown", Code={"ZipFile": zipped_files(files)})

    def error_of(handler: str) -> dict:
        client.update_function_configuration(FunctionName=name, Handler=handler)
        updated(client, name)
        return failed(aws, name)

    thrown = failed(aws, name)
    assert thrown["errorType"] == "RangeError" and thrown["errorMessage"] == "too far"
    assert thrown["trace"][0] == "RangeError: too far" and "/var/task/index.js:2" in thrown["trace"][1]
    assert any("\tERROR\tInvoke Error \t{" in message for message in logged(aws, GROUP))
    assert error_of("index.called") == {"errorType": "string", "errorMessage": "just text", "trace": []}
    assert error_of("index.uncaught")["errorMessage"] == "late"
    rejected = error_of("index.rejected")
    assert (rejected["errorType"], rejected["errorMessage"]) == ("Runtime.UnhandledPromiseRejection", "Error: nobody")
    missing = error_of("index.absent")
    assert missing["errorType"] == "Runtime.HandlerNotFound"
    assert missing["errorMessage"] == "index.absent is undefined or not exported"
    assert error_of("broken.handler")["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error_of("gone.handler")["errorType"] == "Runtime.ImportModuleError"


# What happens next


def test_after_an_error_the_environment_goes_on(aws):
    text = "count = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n    return count // event\n"
    name = runnable(aws, text)
    failed(aws, name, 0)
    assert invoked(aws, name, 1) == 2


def test_after_it_left_a_function_is_started_anew(aws):
    text = "import os\ncount = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n"
    text += "    return count if event else os._exit(1)\n"
    name = runnable(aws, text)
    assert invoked(aws, name, 1) == 1
    failed(aws, name, 0)
    assert invoked(aws, name, 1) == 1


def test_a_function_that_was_broken_works_once_it_is_mended(aws):
    client = aws("lambda")
    name = runnable(aws, "import nothing_there\n")
    failed(aws, name)
    client.update_function_code(FunctionName=name, ZipFile=zipped())
    updated(client, name)
    assert invoked(aws, name, 5) == 5
