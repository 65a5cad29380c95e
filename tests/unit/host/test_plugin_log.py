"""A plugin's log: in memory, on disk, and read from there while it is written."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from pathlib import Path

import pytest

from viewra.host.logs.file import PluginLogFile, by_age, log_path
from viewra.host.logs.log import KEPT_CHARACTERS, KEPT_RECORDS, LAST_LINE, LAST_WORDS, PluginLog, last_words, readable
from viewra.host.logs.reader import PluginLogReader
from viewra.transport.hclog import LogRecord
from viewra.transport.hclog_format import format_record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return log_path(tmp_path, "lyrics")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def everything(_record: LogRecord) -> bool:
    return True


def record(message: object, level: str = "info") -> str:
    return format_record(level, str(message))  # type: ignore[arg-type]


def texts(records: list[LogRecord]) -> list[str]:
    return [record.message for record in records]


# ---- PluginLog ----


def test_the_file_comes_with_the_first_record_and_is_private(path: Path) -> None:
    log = PluginLog("lyrics", path)
    run = log.new_run()
    assert not path.parent.exists()
    run.line("stdout", "hello")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    log.close()
    run.line("stdout", "too late")
    assert [line["@message"] for line in lines(path)] == ["hello"]


def test_level_time_fields_and_module_are_kept(path: Path) -> None:
    log = PluginLog("lyrics", path)
    run = log.new_run()
    run.line("stderr", '{"@level":"warn","@message":"slow","@module":"http","@timestamp":"2026-11-22T17:01:02Z","s":3}')
    run.line("stderr", "[ERROR] no \x1b[31mred")
    log.close()
    first, second = lines(path)
    assert first == {
        "@level": "warn",
        "@message": "slow",
        "@module": "lyrics",
        "@timestamp": "2026-11-22T17:01:02.000000Z",
        "module": "http",
        "s": 3,
    }
    assert (second["@level"], second["@message"]) == ("error", "no \x1b[31mred")
    assert second["@timestamp"]


def test_a_traceback_is_one_record(path: Path) -> None:
    log = PluginLog("lyrics", path)
    run = log.new_run()
    for line in ("Traceback (most recent call last):", '  File "x.py", line 1, in <module>', "ValueError: no"):
        run.line("stderr", line)
    run.quiet()
    log.close()
    (only,) = lines(path)
    assert (only["@level"], only["@message"]) == ("error", "ValueError: no")
    assert str(only["traceback"]).count("\n") == 2


def test_a_panic_does_not_colour_what_another_process_writes() -> None:
    log = PluginLog("lyrics")
    first, second = log.new_run(), log.new_run()
    first.line("stderr", "panic: boom")
    second.line("stderr", "listening")
    first.quiet()
    second.quiet()
    assert [(record.level, record.message) for record in log.records] == [
        ("debug", "listening"),
        ("error", "panic: boom"),
    ]


def test_kept_records_are_bounded_in_number_and_size() -> None:
    log = PluginLog("lyrics")
    run = log.new_run()
    for number in range(KEPT_RECORDS + 10):
        run.line("stdout", str(number))
    assert len(log.records) == KEPT_RECORDS
    assert log.records[-1].message == str(KEPT_RECORDS + 9)
    for _ in range(100):
        run.line("stdout", "x" * 60_000)
    assert sum(len(record.message) for record in log.records) <= KEPT_CHARACTERS
    assert len(log.records) > 20
    run.line("stdout", "y" * (KEPT_CHARACTERS + 1))
    assert len(log.records) == 1


def test_last_words_are_for_people() -> None:
    assert readable(format_record("error", "no licence", fields={"traceback": "x" * 9000})) == "[ERROR] no licence"
    for line in ("plain", "[WARN] x", '{"a": 1}', "{", ""):
        assert readable(line) == line


# ---- the file ----


def test_files_take_turns_and_the_oldest_goes(path: Path) -> None:
    file = PluginLogFile(path, max_bytes=1000)
    for number in range(100):
        file.write(record(number))
    file.close()
    files = by_age(path)
    assert [one.exists() for one in files] == [True] * 3
    assert sorted(path.parent.iterdir()) == sorted(files)
    assert all(500 < one.stat().st_size <= 1000 for one in files[1:])
    kept = [int(str(line["@message"])) for one in reversed(files) for line in lines(one)]
    assert kept == list(range(100 - len(kept), 100))


def test_a_new_host_appends(path: Path) -> None:
    for number in range(2):
        file = PluginLogFile(path)
        file.write(record(number))
        file.close()
    assert [line["@message"] for line in lines(path)] == ["0", "1"]


def test_a_file_that_was_removed_is_made_again(path: Path) -> None:
    file = PluginLogFile(path)
    file.write(record(1))
    path.unlink()
    file.write(record(2))
    file.close()
    assert [line["@message"] for line in lines(path)] == ["2"]


def test_a_full_disk_costs_records_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    file = PluginLogFile(Path("/dev/full"))
    for number in range(5):
        file.write(record(number))
    file.close()
    assert [one.getMessage() for one in caplog.records] == [
        f"the log /dev/full is incomplete: {os.strerror(errno.ENOSPC)}"
    ]


def test_half_a_line_costs_only_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = PluginLogFile(path)
    file.write(record("whole"))
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
        file.write(record("torn"))
    file.write(record("again"))
    file.close()
    with PluginLogReader(path) as reader:
        assert texts(reader.last(10, everything)) == ["whole", "again"]


def test_what_cannot_be_made_is_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "logs").write_text("in the way")
    log = PluginLog("lyrics", log_path(tmp_path, "lyrics"))
    run = log.new_run()
    run.line("stdout", "hello")
    run.line("stdout", "hello")
    log.close()
    assert len(log.records) == 2
    assert [one.levelno for one in caplog.records if one.name == "viewra.host"] == [logging.WARNING]


def test_a_pipe_or_link_in_its_place_is_not_written_to(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    for make in (os.mkfifo, lambda path: path.symlink_to("elsewhere")):
        make(path)
        file = PluginLogFile(path)
        file.write(record("x"))
        file.close()
        path.unlink()
    assert len(caplog.records) == 2
    assert not (path.parent / "elsewhere").exists()


# ---- the reader ----


@pytest.mark.parametrize("count", [0, 1, 7, 30, 1000])
def test_the_last_records_come_from_as_many_files_as_it_takes(path: Path, count: int) -> None:
    file = PluginLogFile(path, max_bytes=1000)
    for number in range(25):
        file.write(record(number))
    file.close()
    kept = sum(len(lines(one)) for one in by_age(path))
    with PluginLogReader(path) as reader:
        found = texts(reader.last(count, everything))
    assert found == list(map(str, range(25)))[25 - min(count, kept) :]


def test_only_wanted_records_count(path: Path) -> None:
    file = PluginLogFile(path)
    for number in range(20):
        file.write(record(number, "error" if number % 5 == 0 else "debug"))
    file.close()
    with PluginLogReader(path) as reader:
        assert texts(reader.last(3, lambda one: one.level == "error")) == ["5", "10", "15"]


def test_nothing_is_lost_or_told_twice_while_files_take_turns(path: Path) -> None:
    file = PluginLogFile(path, max_bytes=1000)
    with PluginLogReader(path) as reader:
        assert not reader.exists
        assert reader.last(10, everything) == []
        assert list(reader.more()) == []
        seen: list[str] = []
        for number in range(200):
            file.write(record(number))
            if number % 17 == 0:  # more than one turn may have passed meanwhile
                seen += texts(list(reader.more()))
        seen += texts(list(reader.more()))
    file.close()
    assert seen == list(map(str, range(200)))


def test_half_a_line_is_waited_for(path: Path) -> None:
    path.parent.mkdir()
    line = record("whole")
    path.write_text(line[:20])
    with PluginLogReader(path) as reader, path.open("a") as writer:
        assert reader.last(10, everything) == []
        assert list(reader.more()) == []
        writer.write(line[20:] + "\n")
        writer.flush()
        assert texts(list(reader.more())) == ["whole"]


def test_a_file_that_was_emptied_or_removed_is_read_from_its_new_beginning(path: Path) -> None:
    file = PluginLogFile(path)
    with PluginLogReader(path) as reader:
        file.write(record("first, and longer"))
        assert texts(list(reader.more())) == ["first, and longer"]
        os.truncate(path, 0)
        file.write(record("second"))
        assert texts(list(reader.more())) == ["second"]
        path.unlink()
        file.write(record("third"))
        assert texts(list(reader.more())) == ["third"]
    file.close()


def test_last_words_stay_short_however_long_the_lines_are() -> None:
    assert last_words(["one", format_record("error", "no licence"), ""]) == ("one", "[ERROR] no licence", "")
    (cut,) = last_words(["x" * 64_000])
    assert cut == "x" * LAST_LINE + " [line cut]"
    many = last_words([*("y" * 64_000 for _ in range(40)), "the last one"])
    assert many[-1] == "the last one"
    assert 1 < len(many) < 40
    assert sum(map(len, many)) <= LAST_WORDS
