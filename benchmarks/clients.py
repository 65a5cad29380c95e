"""Measures what many clients of ``viewra serve`` do to one that asks: event streams, half-open requests, restarts.

Everything is on this machine, bounded in number and time. A restart is as a service manager does it: it keeps the
socket, so that requests wait meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from viewra.web.serving.sockets import listen

VIEWRA = Path(sys.executable).with_name("viewra")
LISTENERS, HALF, KEPT_OPEN = 500, 10_000, 5_000
"""Event streams; half-open requests, and how many of them this program keeps open."""
RESTARTS = 3
REQUESTS = 300
LIMIT_S = 60


@contextlib.contextmanager
def serving(data_dir: Path, sockets: list[socket.socket]) -> Iterator[None]:
    """A ``viewra serve`` on a socket that this program keeps."""
    descriptor = sockets[0].fileno()
    script = f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --data-dir "$1" --sandbox off serve --json 3<&{descriptor}'
    with subprocess.Popen(
        ["/bin/sh", "-c", script, VIEWRA, data_dir], pass_fds=[descriptor], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield
        process.terminate()
        assert process.wait(LIMIT_S) == 0


def ask(port: int, token: str) -> float:
    """One request on a connection of its own; returns the seconds that it took."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    connection.request("GET", "/api/v1/stats", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    assert json.loads(answer.read())["files"] == 0
    connection.close()
    return time.perf_counter() - began


def say(what: str, port: int, token: str) -> None:
    """Ask some times, and print how long it took: the first one waits behind all connections that came before it."""
    first, *later = (ask(port, token) for _ in range(REQUESTS))
    took = sorted(later)
    middle, late = statistics.median(took), took[int(0.99 * len(took))]
    print(f"{what:28} first {first * 1e3:6.1f} ms   p50 {middle * 1e3:6.1f} ms   p99 {late * 1e3:6.1f} ms", flush=True)


def listen_to_events(port: int, token: str) -> list[socket.socket]:
    """Open event streams that have begun."""
    streams = []
    for _ in range(LISTENERS):
        one = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        one.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        streams.append(one)
    for one in streams:
        data = b""
        while b"retry" not in data:
            data += one.recv(4096)
        one.setblocking(False)
    return streams


def is_open(stream: socket.socket) -> bool:
    """Whether a stream goes on."""
    try:
        return stream.recv(65536) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def half_requests(port: int) -> list[socket.socket]:
    """Begin requests and never end them."""
    begun: list[socket.socket] = []
    for _ in range(HALF):
        one = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        one.sendall(b"GET /healthz HTTP/1.1\r\nHos")
        begun.append(one)
        if len(begun) > KEPT_OPEN:
            begun.pop(0).close()
    return begun


def restart_under_load(data_dir: Path, sockets: list[socket.socket], port: int, token: str) -> int:
    """Restart while requests come without pause; returns how many were answered, and raises if one was not."""
    over, answered, failures = threading.Event(), [0] * 4, []

    def load(number: int) -> None:
        while not over.is_set():
            try:
                ask(port, token)
                answered[number] += 1
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(len(answered))]
    for thread in threads:
        thread.start()
    for _ in range(RESTARTS):
        with serving(data_dir, sockets):
            until = sum(answered) + REQUESTS
            while sum(answered) < until and not failures:
                time.sleep(0.01)
    with serving(data_dir, sockets):  # the last requests, which wait
        over.set()
        for thread in threads:
            thread.join(LIMIT_S)
    assert not failures, failures[:3]
    return sum(answered)


def main(argv: list[str]) -> int:
    """Run it; the exit status is 1 if a stream was cut or a request was lost."""
    argparse.ArgumentParser(prog="python -m benchmarks clients", description=__doc__).parse_args(argv)
    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    os.set_inheritable(sockets[0].fileno(), True)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = subprocess.run(
            [VIEWRA, "--data-dir", data_dir, "token", "create", "load", "--scope", "read"],
            check=True,
            capture_output=True,
            text=True,
        )
        token = made.stdout.strip()
        with serving(data_dir, sockets):
            say("alone", port, token)
            streams = listen_to_events(port, token)
            say(f"beside {LISTENERS} event streams", port, token)
            begun = half_requests(port)
            say(f"and {HALF} half-open requests", port, token)
            alive = sum(map(is_open, streams))
            print(f"{alive} of {LISTENERS} event streams go on")
            for one in (*streams, *begun):
                one.close()
        answered = restart_under_load(data_dir, sockets, port, token)
        print(f"{answered} requests during {RESTARTS} restarts: none lost")
    return 0 if alive == LISTENERS else 1
