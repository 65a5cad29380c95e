"""``viewra plugins logs``."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MUSIC, Viewra, start
from viewra.host.logs.file import PluginLogFile, log_path
from viewra.transport.hclog_format import format_record

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

CHATTY = r"""
    from viewra.sdk import Plugin, serve

    class Chatty(Plugin):
        def get_supported_types(self): return ["audio/*"]
        def can_handle(self, file_path, mime_type): return True
        def extract_metadata(self, file_path):
            self.log.info("read \x1b[31mred", n=len(file_path), words="two words", plain="one")
            self.log.warning("watch out")
            return {"title": "x"}

    serve(Chatty())
"""


@pytest.fixture
def plugins(tmp_path: Path, make_plugin: Callable[..., Path]) -> Path:
    return make_plugin("chatty", CHATTY).parent


@pytest.fixture
def scanned(viewra: Viewra, plugins: Path) -> Path:
    assert viewra("--plugins", plugins, "plugins", "enable", "chatty").status == 0
    assert viewra("--plugins", plugins, "--log-level", "info", "scan", MUSIC).status == 0
    return plugins


def written(data_dir: Path, *records: tuple[str, str, dict[str, Any]]) -> None:
    file = PluginLogFile(log_path(data_dir, "chatty"))
    for level, message, fields in records:
        file.write(format_record(level, message, module="chatty", fields=fields))  # type: ignore[arg-type]
    file.close()


def test_what_a_plugin_wrote_is_shown_even_when_the_plugin_is_gone(viewra: Viewra, scanned: Path) -> None:
    shutil.rmtree(scanned)
    done = viewra("plugins", "logs", "chatty")
    assert (done.status, done.err) == (0, "")
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} "
    assert re.search(moment + r'INFO read \\x1b\[31mred n=\d+ words="two words" plain=one$', done.out, re.MULTILINE)
    assert re.search(moment + r"WARN watch out$", done.out, re.MULTILINE)


def test_level_count_and_json(viewra: Viewra, scanned: Path) -> None:
    assert "INFO" not in viewra("plugins", "logs", "chatty", "--level", "warn").out
    assert viewra("plugins", "logs", "chatty", "-n", "3").out.count("\n") == 3
    assert viewra("plugins", "logs", "chatty", "-n", "0").out == ""
    lines = viewra("plugins", "logs", "chatty", "--json", "--level", "info", "-n", "2").out.splitlines()
    read, watch = (json.loads(line) for line in lines)
    assert (read["@message"], read["@module"], read["words"]) == ("read \x1b[31mred", "chatty", "two words")
    assert watch["@level"] == "warn"


def test_a_traceback_keeps_its_lines(viewra: Viewra, data_dir: Path) -> None:
    written(data_dir, ("error", "it failed", {"traceback": "one\n  two\tthree", "call": "search"}))
    first, *rest = viewra("plugins", "logs", "chatty").out.splitlines()
    assert first.endswith("ERROR it failed call=search")
    assert rest == ["  one", "    two\\tthree"]


def test_a_time_that_no_calendar_here_has(viewra: Viewra, data_dir: Path) -> None:
    path = log_path(data_dir, "chatty")
    path.parent.mkdir(parents=True)
    path.write_text('{"@level":"info","@message":"a","@timestamp":"0001-01-01T00:00:00Z"}\n{"@message":"b"}\n')
    for zone in ("UTC", "America/New_York", "Asia/Tokyo"):
        done = viewra("plugins", "logs", "chatty", env={"TZ": zone})
        assert done.out.startswith("0001-01-01 0")
        assert done.out.endswith("- DEBUG b\n")


@pytest.mark.parametrize("plugin_id", ["nobody", "../logs/chatty", "", "logs/"])
def test_no_such_plugin(viewra: Viewra, data_dir: Path, plugin_id: str) -> None:
    written(data_dir, ("info", "hello", {}))
    done = viewra("plugins", "logs", plugin_id)
    assert (done.status, done.out) == (2, "")
    assert f"there is no plugin {plugin_id!r}" in done.err


def test_a_plugin_that_has_written_nothing(viewra: Viewra, plugins: Path) -> None:
    done = viewra("--plugins", plugins, "plugins", "logs", "chatty")
    assert (done.status, done.out, done.err) == (0, "", "chatty has not written anything yet\n")


def test_a_log_that_cannot_be_read(viewra: Viewra, data_dir: Path) -> None:
    log_path(data_dir, "chatty").mkdir(parents=True)
    done = viewra("plugins", "logs", "chatty")
    assert (done.status, done.out) == (1, "")
    assert "the log of plugin chatty cannot be read: Is a directory" in done.err


def test_following_until_interrupted(data_dir: Path) -> None:
    written(data_dir, ("info", "before", {}), ("debug", "not wanted", {}))
    arguments = ("plugins", "logs", "chatty", "--follow", "--level", "info", "--json")
    with start(data_dir, *arguments) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["@message"] == "before"
        path = log_path(data_dir, "chatty")
        path.rename(path.with_name(f"{path.name}.1"))
        written(data_dir, ("debug", "not wanted", {}), ("error", "after", {}))
        assert json.loads(process.stdout.readline())["@message"] == "after"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_following_beside_the_host_that_writes(viewra: Viewra, plugins: Path, data_dir: Path) -> None:
    assert viewra("--plugins", plugins, "plugins", "enable", "chatty").status == 0
    with start(data_dir, "--plugins", plugins, "plugins", "logs", "chatty", "-f", "--level", "warn") as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert "not written anything yet" in process.stderr.readline()
        assert viewra("--plugins", plugins, "scan", MUSIC).status == 0
        assert process.stdout.readline().endswith("WARN watch out\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
