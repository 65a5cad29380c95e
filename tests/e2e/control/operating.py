"""A running host in a process of its own, its plugins, and a terminal."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.conftest import start
from tests.forking import DEVNULL, PIPE, server
from viewra.cli._control import ask

FINDER = """
    from viewra.sdk import Health, Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    class Finder(Plugin):
        def health(self): return Health(self.settings.word != "sick", "the site is not reachable")
        def search(self, query, limit, offset):
            return SearchResponse([SearchResult("1", self.settings.word, score=1)], 1)
        def get_search_capabilities(self): return SearchCapabilities(["q"])
    serve(Finder())
"""


BROKEN = """
    import sys
    print("what it said \\x1b[31mbefore", file=sys.stderr)
    sys.exit("cannot go on")
"""


HOST = """
import sys
from viewra import Host
with Host(plugin_dirs=[sys.argv[1]], data_dir=sys.argv[2], watch=False) as host:  # only the command reloads
    for plugin_id in sys.argv[3:]:
        host.plugins[plugin_id].enable()
    print("open", flush=True)
    for line in sys.stdin:
        results = host.hook.search(query={"q": "x"}, limit=1, offset=0)
        print([result.value.results[0].title for result in results if result.value], flush=True)
"""


SCRAPER = """
    import os, time
    from viewra.sdk import Plugin, serve
    class Slow(Plugin):
        def can_handle(self, file_path, mime_type): return True
        def get_supported_types(self): return ["audio/*"]
        def extract_metadata(self, file_path):
            while not os.path.exists({go!r}): time.sleep(0.01)
            return {{"title": "t"}}
    serve(Slow())
"""


class RunningHost:
    """A small program with a host, until its standard input ends."""

    def __init__(self, plugins: Path, data_dir: Path, *enabled: str) -> None:
        argv = ["-c", str(plugins), str(data_dir), *enabled]
        self.process = server().start(argv, code=HOST, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        assert self._line() == "open"

    def search(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._line()

    def close(self) -> int:
        with self.process:
            self.process.send_signal(signal.SIGCONT)
        return self.process.wait(60)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


def row(data_dir: Path, plugin_id: str) -> dict[str, Any]:
    """What the running host says of a plugin; nothing where none runs."""
    rows: list[dict[str, Any]] = ask(data_dir, "list") or []
    return next((one for one in rows if one["id"] == plugin_id), {})


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid)


class Screen:
    """The command on a terminal of its own, 160 columns wide."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("4H", 40, 160, 0, 0))
        terminal = {"TERM": "xterm", "COLUMNS": "160"}
        self._process = start(data_dir, *arguments, env=terminal, stdin=inner, stdout=inner, stderr=inner)
        os.close(inner)
        self._text = ""

    def wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + 30
        while not re.search(pattern, self._text, re.DOTALL):
            assert time.monotonic() < deadline, self._text
            if not self._read(0.1):
                assert re.search(pattern, self._text, re.DOTALL), self._text

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def close(self) -> int:
        while self._read(30):
            pass
        os.close(self._terminal)
        return self._process.wait(60)

    def _read(self, seconds: float) -> bool:
        """Whether there may be more."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self._text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode())
        return bool(data)
