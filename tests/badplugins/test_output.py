"""Plugins that write too much, or nonsense: the host stays small, their calls are answered, their log is readable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.host import Plugin
from viewra.host.logs.file import log_path
from viewra.host.logs.reader import PluginLogReader
from viewra.process.output import LONGEST_LINE
from viewra.transport.hclog import LogRecord

pytestmark = pytest.mark.process

MB = 1024 * 1024
WRITER = r"""
    import os, threading, time
    from viewra.sdk import Plugin, serve

    def flood(descriptor, line, size):
        block = line * max(1, 65536 // len(line))
        for _ in range(size // len(block)):
            os.write(descriptor, block)

    class Writer(Plugin):
        def initialize(self, context): self.floods = []
        def can_handle(self, file_path, mime_type): return True
        def get_supported_types(self): return ["audio/*"]
        def extract_metadata(self, file_path):
            what = file_path.strip("/")
            if what.startswith("flood-"):
                _, name, descriptor, size = what.split("-")
                line = {
                    "short": b"x" * 99 + b"\n",
                    "long": b"x" * 60_000 + b"\n",
                    "bytes": b"\xff" * 60_000 + b"\n",
                    "endless": b"x" * 65536,
                }[name]
                thread = threading.Thread(target=flood, args=(int(descriptor), line, int(size)), daemon=True)
                thread.start()
                self.floods.append(thread)
            elif what:
                os.write(2, {
                    "panic": b"panic: no luck\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:4\nexit status 2\n",
                    "long": b"y" * (1024 * 1024) + b"\nafter it\n",
                    "bytes": b"caf\xe9 \x00\x1b[31m\n",
                    "odd": (
                        b'{"@level": 3, "@message": ["a"], "@timestamp": 7, "n": null, "d": {"x": [NaN]}}\n'
                        b'{"@level": "warn", "@message": "odd", "@timestamp": "0001-01-01T00:00:00Z", "@module": {}}\n'
                        b'{"@message": "\\ud800", "big": 1' + b"0" * 4000 + b'}\n'
                        b'{"@message": ' + b"[" * 30000 + b'\n'
                    ),
                }[what])
            return {"floods": str(sum(thread.is_alive() for thread in self.floods))}

    serve(Writer())
"""
TRACEBACK = """
    import sys, threading
    from viewra.sdk import Plugin, serve

    class Thrower(Plugin):
        def start(self):
            def fail():
                try:
                    {}["key"]
                except KeyError:
                    raise ValueError("while at it")
            threading.Thread(target=fail).start()

    serve(Thrower())
"""


@contextmanager
def running(make_plugin: Callable[..., Path], code: str) -> Iterator[tuple[Plugin, Path]]:
    directory = make_plugin("writer", code)
    data_dir = directory.parent.parent / "data"
    with Host(plugin_dirs=[directory.parent], data_dir=data_dir) as host:
        host.plugins["writer"].enable()
        host.plugins["writer"].load()
        yield host.plugins["writer"], log_path(data_dir, "writer")


def scraper_of(plugin: Plugin) -> Any:
    scraper = plugin.metadata_scraper
    assert scraper is not None
    return scraper


def wait_for(plugin: Plugin, message: str) -> LogRecord:
    eventually(lambda: any(record.message == message for record in plugin.logs))
    return next(record for record in plugin.logs if record.message == message)


@pytest.mark.parametrize(("line", "megabytes"), [("short", 40), ("long", 40), ("bytes", 30), ("endless", 100)])
def test_a_flood_holds_up_nothing_and_takes_no_memory(
    make_plugin: Callable[..., Path], line: str, megabytes: int
) -> None:
    with running(make_plugin, WRITER) as (plugin, path):
        scraper = scraper_of(plugin)
        scraper.extract_metadata("/")
        process = psutil.Process()
        before = highest = process.memory_info().rss
        for descriptor in (1, 2):
            scraper.extract_metadata(f"/flood-{line}-{descriptor}-{megabytes * MB}")

        def ended() -> bool:
            nonlocal highest
            highest = max(highest, process.memory_info().rss)
            return bool(scraper.extract_metadata("/") == {"floods": "0"})  # answered all the while

        eventually(ended)
        assert highest - before < 50 * MB
        if line != "endless":
            eventually(lambda: any("lines left out" in record.message for record in plugin.logs))
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 20 * MB


def test_a_panic_is_one_error_record(make_plugin: Callable[..., Path]) -> None:
    with running(make_plugin, WRITER) as (plugin, _):
        scraper_of(plugin).extract_metadata("/panic")
        record = wait_for(plugin, "panic: no luck")
    assert record.level == "error"
    assert record.fields["traceback"].splitlines()[2] == "goroutine 1 [running]:"
    assert record.fields["traceback"].endswith("exit status 2")


def test_a_traceback_with_its_cause_is_one_error_record(make_plugin: Callable[..., Path]) -> None:
    with running(make_plugin, TRACEBACK) as (plugin, _):
        record = wait_for(plugin, "ValueError: while at it")
    assert record.level == "error"
    assert "KeyError: 'key'" in record.fields["traceback"]
    assert record.fields["traceback"].startswith("Exception in thread")


def test_a_line_of_a_megabyte_is_cut_and_the_next_is_whole(make_plugin: Callable[..., Path]) -> None:
    with running(make_plugin, WRITER) as (plugin, _):
        scraper_of(plugin).extract_metadata("/long")
        wait_for(plugin, "after it")
        long = next(record for record in plugin.logs if record.message.startswith("yyy"))
    assert long.message == "y" * LONGEST_LINE + " [line cut]"


def test_bytes_that_are_not_utf8_are_shown(make_plugin: Callable[..., Path]) -> None:
    with running(make_plugin, WRITER) as (plugin, path):
        scraper_of(plugin).extract_metadata("/bytes")
        wait_for(plugin, "caf\\xe9 \x00\x1b[31m")
    assert path.read_bytes().isascii()


def test_json_with_odd_types_costs_nothing(make_plugin: Callable[..., Path]) -> None:
    with running(make_plugin, WRITER) as (plugin, path):
        scraper_of(plugin).extract_metadata("/odd")
        eventually(lambda: any(record.message.startswith('{"@message": [') for record in plugin.logs))
        before = [record.message[:20] for record in plugin.logs]
    with PluginLogReader(path) as reader:
        assert [record.message[:20] for record in reader.last(100, lambda _: True)] == before
    assert '["a"]' in before
    assert "odd" in before
