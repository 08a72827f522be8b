"""What an environment runs: the interpreter for a runtime, what supports it, and the variables as AWS sets them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
Differs from AWS: a version of Python or Node.js that the machine lacks is served by the nearest that it has, and Python
3.9 and older by a newer one, since the SDK no longer runs on them.
"""

import importlib.util
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from glasshouse.core import NotSupported
from glasshouse.core.access import Principal
from glasshouse.engines.functions import bootstraps
from glasshouse.engines.functions.interpreters import Interpreter, Language, is_open_to_all, nearest
from glasshouse.engines.functions.program import Folders, Limits, Places, Program
from glasshouse.engines.functions.sandbox import Sandbox
from glasshouse.services.lambda_.records import Configuration

log = logging.getLogger("glasshouse.lambda")
NAMED = re.compile(r"(?P<language>python|nodejs)(?P<version>\d+(?:\.\d+)?)(?:\.x)?")
BOOTSTRAPS = Path(bootstraps.__file__).parent
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
DISTRIBUTIONS = {"dateutil": "python_dateutil"}
NODE_MODULES = ("/usr/local/lib/node_modules/@aws-sdk", "/usr/lib/node_modules/@aws-sdk")
MEGABYTE = 1 << 20
BUNDLE = "ca-bundle.pem"


@dataclass(frozen=True, slots=True)
class Dressing:
    """What a new environment is given: the settings, the function's own variables, and credentials of its role, which
    stand for a principal and hold until `expires`; where the content of public layers lies, by their ARNs."""

    configuration: Configuration
    variables: Mapping[str, str]
    credentials: Mapping[str, str]
    principal: Principal
    expires: float
    account: str
    region: str
    public_layers: Mapping[str, Path]


class NoEntrypoint(Exception):
    """There is nothing that could be run; the message is AWS's."""


class Programs:
    """Makes programs for one sandbox."""

    def __init__(self, sandbox: Sandbox, base: Path, url: str, bundle: Path | None = None):
        """`url` is where functions reach the cloud. With a bundle of certificates it is also a proxy to AWS's hosts."""
        self._sandbox, self._base, self._url, self._bundle = sandbox, base, url, bundle
        self._supports: dict[Language, Path] = {}
        self._compiling: list[subprocess.Popen] = []

    def close(self):
        for process in self._compiling:
            process.kill()
            process.wait()

    def program(
        self, dressing: Dressing, task: Path, layers: Path | None, address: str, stream: str, initialization: str
    ) -> Program:
        """What runs a function. `address` is that of its Runtime API. Raises NoEntrypoint, and NotSupported."""
        configuration = dressing.configuration
        runtime = configuration.runtime or ""
        limits = Limits(configuration.memory_size * MEGABYTE, configuration.ephemeral_storage_mb * MEGABYTE)
        interpreter = None if runtime.startswith("provided") else self._interpreter(_served(runtime, dressing))
        folders = Folders(task, layers, self._support(interpreter) if interpreter else None)
        places = self._sandbox.places(folders)
        if interpreter:
            command = _command(interpreter, places, configuration.memory_size)
        else:
            command = [_entrypoint(folders, places)]
        if wrapper := dressing.variables.get("AWS_LAMBDA_EXEC_WRAPPER"):
            command = [wrapper, *command]
        variables = _surroundings(places, interpreter, runtime) | {"AWS_ENDPOINT_URL": self._url}
        if self._bundle and interpreter:
            variables |= _proxied(self._url, f"{places.support}/{BUNDLE}")
        variables |= dressing.variables
        variables |= _about(dressing, places, address, stream, initialization)
        return Program(tuple(command), variables, folders, limits, interpreter.prefix if interpreter else None)

    def _interpreter(self, runtime: str) -> Interpreter:
        named = NAMED.fullmatch(runtime)
        found = _chosen(runtime, self._sandbox.isolates or not self._sandbox.is_root) if named else None
        if found is None:
            raise NotSupported(f"lambda: this machine has nothing that runs the runtime {runtime}")
        if found.language == "python":
            self._compile_for(found)
        return found

    def _support(self, interpreter: Interpreter) -> Path:
        """The folder with the runtime and the SDK, as links to where they are; made anew with each run of the cloud."""
        language = interpreter.language
        if language not in self._supports:
            folder = self._base / f"support-{language}"
            shutil.rmtree(folder, ignore_errors=True)  # by an earlier run, which may not have come to its end
            folder.mkdir(parents=True)
            self._lay_out(folder, _python_support() if language == "python" else _node_support())
            self._supports[language] = folder
        return self._supports[language]

    def _lay_out(self, folder: Path, links: Mapping[str, Path]):
        for name, path in links.items():
            if self._sandbox.isolates or path.is_dir():
                (folder / name).symlink_to(path)
            else:  # without a sandbox, who runs the function may not reach ours
                shutil.copyfile(path, folder / name)
        if self._bundle:
            shutil.copyfile(self._bundle, folder / BUNDLE)
            (folder / BUNDLE).chmod(0o644)  # the cloud's own is not for everybody

    def _compile_for(self, interpreter: Interpreter):
        """Let the SDK be compiled for another version of Python than ours, once and beside everything else: else each
        environment would do it anew, and importing boto3 take a second longer."""
        sdk = _python_support()
        tag = f"cpython-{interpreter.version[0]}{interpreter.version[1]}"
        if "botocore" not in sdk or (sdk["botocore"] / "__pycache__" / f"session.{tag}.pyc").exists():
            return
        if not self._compiling:
            command = ["nice", str(interpreter.path), "-I", "-m", "compileall", "-q", *map(str, sdk.values())]
            quiet = subprocess.DEVNULL
            self._compiling.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet))


def _proxied(url: str, bundle: str) -> dict[str, str]:
    """What lets code that names hosts of AWS reach them here."""
    trust = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {"HTTPS_PROXY": url, "NO_PROXY": "localhost,127.0.0.1,::1", **dict.fromkeys(trust, bundle)}


def _served(runtime: str, dressing: Dressing) -> str:
    """The runtime; with a public layer, whose compiled modules are for our own Python, the one of that."""
    if dressing.public_layers and runtime.startswith("python"):
        return f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return runtime


@cache
def _chosen(runtime: str, sees_all: bool) -> Interpreter | None:
    """The interpreter that serves a runtime; one that everybody may reach, unless the sandbox `sees_all`."""
    named = NAMED.fullmatch(runtime)
    if named is None:
        return None
    language: Language = "python" if named["language"] == "python" else "nodejs"
    version = tuple(map(int, named["version"].split(".")))
    found = nearest(language, version, lambda it: sees_all or is_open_to_all(it.path))
    if found and found.version != version:
        log.warning("the runtime %s is served by %s (%s)", runtime, found.runtime, found.path)
    return found


@cache
def _python_support() -> dict[str, Path]:
    """The runtime and the SDK with its metadata, by the names under which they are to be found."""
    links = {"bootstrap.py": BOOTSTRAPS / "bootstrap.py"}
    for name in SDK:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        path = Path(spec.origin)
        path = path.parent if path.name == "__init__.py" else path
        links[path.name] = path
        for metadata in path.parent.glob(f"{DISTRIBUTIONS.get(name, name)}-*.dist-info"):
            links[metadata.name] = metadata
    return links


def _node_support() -> dict[str, Path]:
    links = {"bootstrap.js": BOOTSTRAPS / "bootstrap.js"}
    found = next((path for path in map(Path, NODE_MODULES) if path.exists()), None)
    return {**links, "node_modules": found.parent} if found else links


def _command(interpreter: Interpreter, places: Places, memory_mb: int) -> list[str]:
    path, support = str(interpreter.path), places.support
    if interpreter.language == "python":
        return [path, "-I", "-S", "-X", "utf8", f"{support}/bootstrap.py", places.layers]
    return [path, f"--max-old-space-size={max(64, memory_mb - 64)}", f"{support}/bootstrap.js"]


def _entrypoint(folders: Folders, places: Places) -> str:
    """The bootstrap of a function that brings its own runtime."""
    for folder, place in ((folders.task, places.task), (folders.layers, places.layers)):
        if folder and (path := folder / "bootstrap").is_file():
            if path.stat().st_mode & 0o111 == 0:
                raise NoEntrypoint(f"fork/exec {place}/bootstrap: permission denied")
            return f"{place}/bootstrap"
    raise NoEntrypoint(
        f"Couldn't find valid bootstrap(s): [/var/runtime/bootstrap {places.task}/bootstrap {places.layers}/bootstrap]"
    )


def _surroundings(places: Places, interpreter: Interpreter | None, runtime: str) -> dict[str, str]:
    """Variables that a function's own may replace."""
    task, layers, support = places.task, places.layers, places.support
    folders = ["/usr/local/bin", "/usr/bin", "/bin", f"{layers}/bin"]
    variables = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LD_LIBRARY_PATH": f"{task}:{task}/lib:{layers}/lib",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129",
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }
    if interpreter:
        folders.insert(0, str(interpreter.path.parent))
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{runtime}"
    if interpreter and interpreter.language == "python":
        variables["PYTHONPATH"] = support
    elif interpreter:
        major = interpreter.version[0]
        modules = [f"{layers}/nodejs/node{major}/node_modules", f"{layers}/nodejs/node_modules"]
        variables["NODE_PATH"] = ":".join([*modules, f"{support}/node_modules", support, task])
    return {**variables, "PATH": ":".join(folders)}


def _about(dressing: Dressing, places: Places, address: str, stream: str, initialization: str) -> dict[str, str]:
    """Variables that Lambda sets, whatever a function would have them be."""
    configuration, credentials = dressing.configuration, dressing.credentials
    logs = configuration.logging_config
    variables = {
        "_HANDLER": configuration.handler or "",
        "AWS_REGION": dressing.region,
        "AWS_DEFAULT_REGION": dressing.region,
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "AWS_LAMBDA_FUNCTION_NAME": configuration.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": configuration.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_size),
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_RUNTIME_API": address,
        "LAMBDA_TASK_ROOT": places.task,
        "LAMBDA_RUNTIME_DIR": places.support,
    }
    if logs.get("LogFormat") == "JSON":
        variables |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": logs.get("ApplicationLogLevel", "INFO")}
    return variables
