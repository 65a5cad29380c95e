"""A plugin that reports its version, a host that watches it, and callers that never stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from viewra import Host

from .conftest import States

CODE = """
    import os, time
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}

    class P(Plugin):
        def initialize(self, context):
            {initialize}

        def search(self, query, limit, offset):
            time.sleep(float(query.get("s", "0")))
            return SearchResponse((SearchResult(str(os.getpid()), str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


def write(directory: Path, version: int, initialize: str = "pass", code: str = CODE) -> None:
    """Write the next version, as an editor does: beside it, and then over it."""
    import textwrap

    draft = directory / "main.py.tmp"
    draft.write_text(textwrap.dedent(code).format(version=version, initialize=initialize))
    draft.replace(directory / "main.py")


@contextmanager
def running(tmp_path: Path, states: States, **options: object) -> Iterator[Host]:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", **options) as host:  # type: ignore[arg-type]
        host.pm.register(states)
        if "p" in host.plugins:
            host.plugins["p"].enable(grant_requested=True)
        yield host


def version(host: Host, seconds: float = 0.0) -> int:
    search = host.plugins["p"].search
    assert search is not None
    return int(search.search({"s": str(seconds)}, 1, 0).results[0].title)


PAUSE_S = 0.02
"""Of each of the callers, who would otherwise leave no processor to what they wait for."""


class Callers:
    """Threads that call all the time, together about once a millisecond; what they saw, and what failed."""

    def __init__(self, host: Host, threads: int = 16) -> None:
        self._host = host
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(threads)
        self.oldest = 0
        self.too_old: list[tuple[int, int]] = []
        self.failures: list[BaseException] = []
        self.calls = 0
        self.latest = 0
        self._running = [self._pool.submit(self._call) for _ in range(threads)]

    def _call(self) -> None:
        while not self._over.wait(PAUSE_S):
            oldest = self.oldest
            try:
                found = version(self._host)
            except Exception as error:
                self.failures.append(error)
                continue
            self.calls += 1
            self.latest = max(self.latest, found)
            if found < oldest:
                self.too_old.append((found, oldest))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the threads, also when the test fails: left alone they would add failures for ever."""
        self._over.set()
        self._pool.shutdown()
