"""The Python runtime: what runs in a function's own process and speaks the Runtime API for its handler.

It is started by the interpreter that a function asked for (from 3.9 on) as `python -I -S -X utf8 bootstrap.py LAYERS`,
with the folder of the layers. It knows nothing of the rest of this project, and loads as little as it can: its loading
is a part of every cold start.
"""

import _socket
import builtins
import importlib
import io
import json
import logging
import os
import sys
import time
import traceback
import types

FRAME_MAGIC = b"\xa5\x5a\x00"  # begins a message on the output that is one event though it has several lines
FRAME_TEXT, FRAME_JSON = b"\x03", b"\x02"
LAYER_FOLDERS = ("python/lib/python{0}.{1}/site-packages", "python")
NO_BREAK_SPACE = "\u00a0"
PARTS = ("/bootstrap.py", "<frozen importlib")
RECORD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "aws_request_id"}

current_request = ""


class Fault(Exception):
    """A failure that the runtime words, not the function."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind, self.trace = "Runtime." + kind, list(trace)


class Mobile:
    """What a mobile SDK says of the app that calls: `context.client_context`."""

    def __init__(self, told):
        client = told.get("client") or {}
        names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
        self.client = types.SimpleNamespace(**{name: client.get(name) for name in names})
        self.custom, self.env = told.get("custom"), told.get("env")


class Identity:
    """The Cognito identity that calls: `context.identity`."""

    def __init__(self, told):
        self.cognito_identity_id = told.get("cognitoIdentityId")
        self.cognito_identity_pool_id = told.get("cognitoIdentityPoolId")


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, headers):
        environment = os.environ
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client = _told(headers, "lambda-runtime-client-context", "Client Context")
        self.client_context = Mobile(client) if client else None
        self.identity = Identity(_told(headers, "lambda-runtime-cognito-identity", "Cognito Identity") or {})
        self._epoch_deadline_time_in_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        write_out(str(message))

    def __repr__(self):
        shown = (f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"LambdaContext([{','.join(shown)}])"


def _told(headers, name, title):
    text = headers.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as broken:
        raise Fault("LambdaContextUnmarshalError", f"Unable to parse {title} JSON: {broken}") from None


class RuntimeApi:
    """A client of the Runtime API: one connection, kept open. Small enough not to need an HTTP library."""

    def __init__(self, address):
        host, _, port = address.partition(":")
        self._host, self._buffer = address, b""
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self._socket.connect((host, int(port)))
        self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)

    def next(self):
        """(headers, event): the next invocation, however long it takes to come."""
        return self._ask("GET", "invocation/next")

    def respond(self, request_id, body):
        self._ask("POST", f"invocation/{request_id}/response", body, "Content-Type: application/json\r\n")

    def fail(self, path, error):
        kind = "Lambda-Runtime-Function-Error-Type: " + error["errorType"].encode("ascii", "replace").decode() + "\r\n"
        self._ask("POST", f"{path}/error", to_json(error).encode(), "Content-Type: application/json\r\n" + kind)

    def _ask(self, method, path, body=b"", headers=""):
        head = f"{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}"
        self._socket.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")[1:]
        told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(told.get("content-length", 0))
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return told, body

    def _receive(self):
        chunk = self._socket.recv(1 << 18)
        if not chunk:
            os._exit(0)  # there is nobody to work for any more
        self._buffer += chunk


# What is printed


def write_out(message, kind=FRAME_TEXT):
    """Print a message of whatever many lines as one event."""
    data = message.encode("utf-8", "surrogateescape")
    moment = int(time.time() * 1_000_000)
    sys.stdout.flush()
    sys.stderr.flush()
    frame = FRAME_MAGIC + kind + len(data).to_bytes(4, "big") + moment.to_bytes(8, "big") + data
    while frame:
        frame = frame[os.write(1, frame) :]


class Handler(logging.Handler):
    """The handler of the root logger."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def emit(self, record):
        record.aws_request_id = current_request
        write_out(self.format(record), self.kind)


class JsonFormatter(logging.Formatter):
    """A log record as a JSON object; what was given as `extra` becomes members of it."""

    def format(self, record):
        shown: dict = {
            "timestamp": _json_time(record.created),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        kind, value, trace = record.exc_info or (None, None, None)
        if kind:
            shown["stackTrace"] = traceback.format_tb(trace)
            shown["errorType"], shown["errorMessage"] = kind.__name__, str(value)
        if current_request:
            shown["requestId"] = current_request
        if record.exc_info:
            shown["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        for name, value in record.__dict__.items():
            if name not in RECORD_FIELDS and name not in shown and value is not None:
                shown[name] = value
        return json.dumps(shown, ensure_ascii=False, default=str) + "\n"


def _json_time(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"


def set_up_logging():
    logging.Formatter.converter = time.gmtime
    as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    handler = Handler(FRAME_JSON if as_json else FRAME_TEXT)
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter(text, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG").replace("FATAL", "CRITICAL")
    if level in logging._nameToLevel:
        root.setLevel(level)
    return as_json


def log_error(error, as_json):
    if as_json:
        shown = {"timestamp": _json_time(time.time()), "level": "ERROR", **error}
        write_out(to_json(shown), FRAME_JSON)
        return
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}", "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            bare = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(bare)) + bare)
    write_out("\n".join(lines))


# The handler


def find_handler(name):
    """The handler that `_HANDLER` names, such as `package/module.function`. Raises Fault."""
    module_name, dot, function = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as failure:
        raise Fault("ImportModuleError", f"Unable to import module '{module_name}': {failure}") from None
    except SyntaxError as failure:
        trace = [f'  File "{failure.filename}" Line {failure.lineno}\n    {failure.text}']
        raise Fault("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {failure}", trace) from None
    if not hasattr(module, function):
        raise Fault("HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return getattr(module, function)


def described(failure, request_id):
    """A failure as AWS tells of it."""
    if isinstance(failure, Fault):
        kind, trace = failure.kind, failure.trace
    else:
        frames = traceback.extract_tb(failure.__traceback__)
        while frames and any(part in frames[0].filename for part in PARTS):
            del frames[0]
        # From tuples, since AWS's lines have no marks below them.
        told = [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in frames]
        kind, trace = type(failure).__name__, traceback.format_list(told)
    return {"errorMessage": str(failure), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def plain(value):
    """What json does not know, but DynamoDB's numbers are."""
    if type(value).__name__ == "Decimal":
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def to_json(value):
    return json.dumps(value, default=plain, ensure_ascii=sys.version_info < (3, 12))


def handle(handler, headers, event):
    """The JSON text of what the handler returns. Raises Fault, and whatever the handler raises."""
    context = LambdaContext(headers)
    try:
        event = json.loads(event)
    except ValueError as broken:
        raise Fault("UnmarshalError", f"Unable to unmarshal input: {broken}") from None
    result = handler(event, context)
    try:
        return to_json(result).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as broken:
        raise Fault("MarshalError", f"Unable to marshal response: {broken}") from None


def serve(api, handler, as_json):
    """Invocation after invocation, until the process is ended."""
    global current_request
    while True:
        headers, event = api.next()
        current_request = request_id = headers["lambda-runtime-aws-request-id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
        try:
            result = handle(handler, headers, event)
        except Exception as failure:
            error = described(failure, request_id)
            log_error(error, as_json)
            api.fail(f"invocation/{request_id}", error)
        else:
            sys.stdout.flush()
            api.respond(request_id, result)


def prepare():
    """Paths and names as a function finds them on AWS."""
    folders = [f"{sys.argv[1]}/{folder.format(*sys.version_info)}" for folder in LAYER_FOLDERS]
    given = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]
    support = sys.argv[0].rpartition("/")[0]
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], *folders, *given, *({support} - {*given})]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    del sys.argv[1:]
    builtins.exit = builtins.quit = sys.exit  # what the module `site` would have given


def main():
    address, name = os.environ["AWS_LAMBDA_RUNTIME_API"], os.environ["_HANDLER"]
    prepare()
    api = RuntimeApi(address)
    as_json = set_up_logging()
    try:
        handler = find_handler(name)
    except Exception as failure:
        error = described(failure, "")
        log_error(error, as_json)
        api.fail("init", error)
        sys.exit(1)
    serve(api, handler, as_json)


if __name__ == "__main__":
    main()
