"""Replays one request over some connections for some seconds: with wrk if it is there, else from Python.

The generator in Python is slower than wrk and so understates fast servers; the report says which one was used.
"""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

from bench.signed import Signed


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    failures: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "asyncio"


def replay(request: Signed, connections: int, seconds: int) -> Load:
    if generator() == "wrk":
        return _wrk(request, connections, seconds)
    return asyncio.run(_from_python(request, connections, seconds))


def _wrk(request: Signed, connections: int, seconds: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_lua(request))
        script.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "30s",
            "-s",
            script.name,
            request.url,
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count, took, unit = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", told).groups()
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", told)))
    failed += sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", told)))
    return Load(int(count), float(took) * {"ms": 0.001, "s": 1, "m": 60}[unit], failed)


def _lua(request: Signed) -> str:
    headers = "".join(f"wrk.headers[{_quoted(name)}] = {_quoted(value)}\n" for name, value in request.headers.items())
    body = f"wrk.body = {_quoted(request.body)}\n" if request.body else ""
    return f"wrk.method = {_quoted(request.method)}\n{headers}{body}"


def _quoted(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return '"' + "".join(f"\\{byte:03d}" for byte in raw) + '"'


async def _from_python(request: Signed, connections: int, seconds: int) -> Load:
    start = time.perf_counter()
    counts = await asyncio.gather(*(_one_connection(request, start + seconds) for _ in range(connections)))
    took = time.perf_counter() - start
    return Load(sum(done for done, _ in counts), took, sum(failed for _, failed in counts))


async def _one_connection(request: Signed, end: float) -> tuple[int, int]:
    host, port = re.search(r"//([\d.]+):(\d+)", request.url).groups()
    raw = request.raw()
    done = failed = 0
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    while time.perf_counter() < end:
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if length := re.search(rb"content-length: (\d+)", head):
            await _skip(reader, int(length.group(1)))
        done += 1
        failed += not head.startswith(b"http/1.1 2")
        if b"connection: close" in head:
            writer.close()
            reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    writer.close()
    return done, failed


async def _skip(reader: asyncio.StreamReader, length: int):
    while length:
        length -= len(await reader.read(min(length, 1 << 20)))
