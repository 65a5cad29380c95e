"""Measures requests to plugins' routes through ``viewra serve`` while the plugins are reloaded again and again.

Requests are sent at a fixed rate, whether the ones before are answered or not: reads, bodies that are echoed, and
streamed answers. One that is not answered in full, or not with its own number, is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLUGINS = 5
ANSWER_S = 30.0
_CONNECTIONS = 64
_START_S = 60.0
_COMMAND = (sys.executable, "-m", "viewra.cli")

MANIFEST = """
id: "shelf{number}"
name: "shelf{number}"
version: "1.0.{version}"
type: "generic"
entry_points: main: "main.py"
capabilities: api_registration: true
"""
PLUGIN = """
from viewra.sdk import Plugin, serve
from viewra.sdk.http import Response, route

class Shelf(Plugin):
    @route("GET", "/read/{n}")
    def read(self, request):
        return {"n": request.path_params["n"], "version": VERSION}

    @route("POST", "/echo")
    def echo(self, request):
        return Response.stream(request.stream())

    @route("GET", "/stream/{n}")
    def stream(self, request):
        for part in range(5):
            yield request.path_params["n"] + " "

VERSION = %d
serve(Shelf())
"""


def main(argv: list[str]) -> int:
    """Print what was sent, answered and lost, and the reloads; exit status 1 if a request was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks web")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two reloads of one plugin")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder = Path(scratch)
        for number in range(PLUGINS):
            _write(folder, number, 0)
        common = ["--plugins", str(folder / "plugins"), "--data-dir", str(folder / "data")]
        for number in range(PLUGINS):
            _viewra(*common, "plugins", "enable", f"shelf{number}")
        token = json.loads(_viewra(*common, "token", "create", "bench", "--scope", "admin", "--json"))["token"]
        with _served(common) as port:
            load = Load(port, token)
            asyncio.run(load.run(folder, options.seconds, options.rate, options.every))
            found = json.loads(_viewra(*common, "plugins", "stats", "--json"))
    reloads = sum(one.get("reloads", 0) for one in found if one["id"].startswith("shelf"))
    return load.told(reloads)


class Load:
    """Sends requests over kept connections, and counts their answers by status."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._authorization = f"Authorization: Bearer {token}\r\n"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(_CONNECTIONS)
        self.answers: Counter[str] = Counter()
        self.took: list[float] = []
        self.sent = 0

    async def run(self, folder: Path, seconds: float, rate: float, every: float) -> None:
        """Send requests at ``rate`` for so many seconds, while each plugin's code changes all the time."""
        for number in range(PLUGINS):  # started, and known
            await self._one(number, count=False)
        changing = asyncio.create_task(_change(folder, every))
        began, tasks = time.monotonic(), []
        while (now := time.monotonic() - began) < seconds:
            tasks.append(asyncio.create_task(self._one(self.sent)))
            self.sent += 1
            await asyncio.sleep(max(0.0, self.sent / rate - now))
        changing.cancel()
        await asyncio.gather(*tasks)
        for _, writer in self._idle:
            writer.close()

    def told(self, reloads: int) -> int:
        """Print the counts; 1 if a request was lost."""
        whole = self.answers.pop("200", 0)
        quantiles = [1000 * value for value in statistics.quantiles(self.took, n=100)]
        print(f"sent {self.sent}, answered {whole}, lost {self.sent - whole}; {reloads} reloads of {PLUGINS} plugins")
        median, late, most = quantiles[49], quantiles[98], 1000 * max(self.took)
        print(f"ms to the end of the answer: median {median:.1f}, p99 {late:.1f}, max {most:.1f}")
        for what, count in self.answers.most_common():
            print(f"  {count} times {what}")
        return int(whole != self.sent)

    async def _one(self, number: int, *, count: bool = True) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_S), self._places:
                what = await self._ask(number)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
            what = f"{type(error).__name__}: {error}"
        if count:
            self.answers[what] += 1
            self.took.append(time.perf_counter() - began)

    async def _ask(self, number: int) -> str:
        plugin = f"/api/plugins/shelf{number % PLUGINS}"
        mark = f"n{number}".encode()
        body = b""
        match number // PLUGINS % 4:
            case 0 | 1:
                line, expected = f"GET {plugin}/read/{mark.decode()}", b'{"n":"%b"' % mark
            case 2:
                body = mark + b"x" * 100_000
                line, expected = f"POST {plugin}/echo", body
            case _:
                line, expected = f"GET {plugin}/stream/{mark.decode()}", (mark + b" ") * 5
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        try:
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            writer.write(f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._authorization}{length}\r\n".encode() + body)
            status, answer = await _answer(reader)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        if status != "200":
            return f"{status}: {answer[:200].decode('utf-8', 'replace')}"
        return status if answer.startswith(expected) else "another answer"


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    if "content-length" in headers:
        return head[0].split()[1], await reader.readexactly(int(headers["content-length"]))
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return head[0].split()[1], bytes(body)


async def _change(folder: Path, every: float) -> None:
    version = 0
    while True:
        version += 1
        for number in range(PLUGINS):
            await asyncio.to_thread(_write, folder, number, version)
            await asyncio.sleep(every / PLUGINS)


def _write(folder: Path, number: int, version: int) -> None:
    directory = folder / "plugins" / f"shelf{number}"
    directory.mkdir(parents=True, exist_ok=True)
    if not version:
        (directory / "plugin.cue").write_text(MANIFEST.format(number=number, version=version))
    fresh = directory / ".main.py"
    fresh.write_text(PLUGIN % version)
    fresh.replace(directory / "main.py")


def _viewra(*arguments: str) -> str:
    done = subprocess.run([*_COMMAND, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"viewra {' '.join(arguments)}: {done.stderr}")
    return done.stdout


@contextmanager
def _served(common: list[str]) -> Iterator[int]:
    command = [*_COMMAND, *common, "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(json.loads(process.stdout.readline())["url"].split(":")[2].split("/")[0])
        finally:
            process.terminate()
            process.wait(_START_S)
