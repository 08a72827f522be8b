"""Functions: an empty one of Python, cold and warm, on Glasshouse, moto's server and ministack in turn.

    python -m bench.functions --functions 10 --invocations 200

Cold is the first invocation of a function that was just created, over so many of them; warm is one invocation after
another of the same. Clients send what boto3 sends, signed. A server that cannot run functions on this machine (moto
needs a Docker engine for it) says so itself. That every answer is the one the function gives is checked.
"""

import argparse
import io
import json
import socket
import time
import zipfile
from statistics import median

from botocore.exceptions import BotoCoreError, ClientError

from bench.requests import first_request, machine
from bench.servers import GLASSHOUSE, PEERS, Product, Server
from bench.signed import Signed, client, signed

CODE = "def handler(event, context):\n    return event\n"
EVENT = b'{"number": 1}'
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
]}  # fmt: skip
LOGS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", type=int, default=10)
    parser.add_argument("--invocations", type=int, default=200)
    parser.add_argument("--servers", nargs="*", default=["glasshouse", "moto", "ministack"])
    wanted = parser.parse_args()
    print(machine())
    print(f"{'':12}{'cold, ms':>10}{'(best)':>9}{'warm, ms':>10}{'(best)':>9}{'server cpu, warm, ms':>22}")
    for product in (GLASSHOUSE, *PEERS):
        if product.name in wanted.servers:
            measure(product, wanted.functions, wanted.invocations)


def measure(product: Product, functions: int, invocations: int):
    product.install()
    with Server(product) as server:
        server.first_answer(first_request(server).raw())
        try:
            names = [made(server, number) for number in range(functions + 1)]
            requests = [invocation(server, name) for name in names]
            timed(server, requests[-1])  # whatever the server loads or looks for once
        except (ClientError, BotoCoreError, RuntimeError) as failure:
            print(f"{product.name:12}  cannot: {str(failure)[:150]}")
            return
        cold = [timed(server, request) for request in requests[:-1]]
        before = server.cpu_s()
        warm = [timed(server, requests[0]) for _ in range(invocations)]
        used = (server.cpu_s() - before) / invocations
        figures = f"{median(cold) * 1e3:10.1f}{min(cold) * 1e3:9.1f}{median(warm) * 1e3:10.2f}{min(warm) * 1e3:9.2f}"
        print(f"{product.name:12}{figures}{used * 1e3:22.2f}")


def made(server: Server, number: int) -> str:
    """A new function that is ready to be invoked."""
    iam, functions = client("iam", server.url), client("lambda", server.url)
    name = f"bench-{number}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=json.dumps(LOGS))
    functions.create_function(
        FunctionName=name, Runtime="python3.11", Handler="app.handler", Role=role, Code={"ZipFile": zipped()}
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


def zipped() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        member = zipfile.ZipInfo("app.py")
        member.external_attr = 0o644 << 16
        package.writestr(member, CODE)
    return written.getvalue()


def invocation(server: Server, name: str) -> Signed:
    return signed("lambda", server.url, lambda functions: functions.invoke(FunctionName=name, Payload=EVENT))


def timed(server: Server, request: Signed) -> float:
    """How long an invocation takes, on a connection of its own. Raises RuntimeError for any other answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        start = time.perf_counter()
        connection.sendall(request.raw())
        head, body = answer(connection)
        taken = time.perf_counter() - start
    if b" 200 " not in head[:20] or body.replace(b" ", b"") != EVENT.replace(b" ", b""):
        raise RuntimeError((head.split(b"\r\n")[0] + b" " + body).decode(errors="replace"))
    return taken


def answer(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < length:
        body += received(connection)
    return head, body


def received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise RuntimeError("the server hung up")
    return data


if __name__ == "__main__":
    main()
