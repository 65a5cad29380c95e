"""Log lines: hclog's JSON both ways, prefixes, and the grouping of tracebacks and panics."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.transport.hclog import LineGrouper, LogRecord, parse_line
from viewra.transport.hclog_format import Level, format_record

LEVELS = st.sampled_from(["trace", "debug", "info", "warn", "error"])
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def group(text: str) -> list[LogRecord]:
    grouper = LineGrouper()
    records = [record for line in text.splitlines() for record in grouper.feed(line)]
    return records + grouper.flush()


@given(
    LEVELS,
    st.text(),
    st.text(),
    st.datetimes(timezones=st.just(UTC)),
    st.dictionaries(st.text().filter(lambda key: not key.startswith("@") and key), PLAIN),
)
def test_what_a_plugin_writes_the_host_reads(
    level: Level, message: str, module: str, timestamp: datetime | None, fields: dict[str, object]
) -> None:
    line = format_record(level, message, module=module, timestamp=timestamp, fields=fields)
    assert "\n" not in line
    assert parse_line(line) == LogRecord(level, message, module, timestamp, fields)


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"\xff", Hostile(), {(1, 2): 3}, object(), [float("inf")]])
def test_a_value_that_json_lacks_is_written_as_text(value: object) -> None:
    record = parse_line(format_record("info", "m", fields={"x": value}))
    assert record.message == "m"
    assert isinstance(record.fields["x"], str | list)


def test_a_value_that_contains_itself_is_written_as_text() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    assert parse_line(format_record("info", "m", fields={"x": cycle})).fields == {"x": "[[...]]"}


def test_a_field_never_takes_the_place_of_a_name_that_go_reads() -> None:
    data = json.loads(format_record("info", "m", fields={"@message": 3, "@": 4}))
    assert (data["@message"], data["message"], data["field"]) == ("m", 3, 4)


def test_the_timestamp_has_microseconds_and_a_zone() -> None:
    moment = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert json.loads(format_record("info", "m", timestamp=moment))["@timestamp"] == "2024-02-03T04:05:06.000000Z"


@given(st.one_of(st.text(), st.text('{}[]":,@lev msg0', max_size=60).map(lambda text: "{" + text)))
def test_any_line_gives_one_record(line: str) -> None:
    assert parse_line(line).level in {"trace", "debug", "info", "warn", "error"}


@pytest.mark.parametrize("line", ['{"@message":' + "[" * 60_000, '{"@message":' + "1" * 60_000 + "}", '{"a": 1}', "[]"])
def test_what_only_looks_like_hclog_is_a_plain_line(line: str) -> None:
    assert parse_line(line) == LogRecord("debug", line)


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("[WARN]  disk is full", "warn", "disk is full"),
        ("[ERROR] no", "error", "no"),
        ("[INFO]  lyrics: started: port=1", "info", "lyrics: started: port=1"),
        ("2026-11-28T17:01:02.345Z [INFO]  lyrics: started: port=1", "info", "lyrics: started: port=1"),
        ("2026-11-28T17:01:02.345+0100 [TRACE] x", "trace", "x"),
        ("2026-11-28 17:01 [INFO] x", "debug", "2026-11-28 17:01 [INFO] x"),
        ("[OTHER] x", "debug", "[OTHER] x"),
        ("panic: boom", "error", "panic: boom"),
        ("Traceback (most recent call last):", "error", "Traceback (most recent call last):"),
        ('{"@level":"WARN","@message":"m"}', "warn", "m"),
        ('{"@level":"strange","@message":"m"}', "debug", "m"),
        ('{"@level":"info","@message":{"a":1},"@timestamp":5}', "info", '{"a": 1}'),
    ],
)
def test_levels(line: str, level: str, message: str) -> None:
    record = parse_line(line)
    assert (record.level, record.message) == (level, message)


def test_the_time_of_a_line_that_is_no_json() -> None:
    moment = datetime(2026, 11, 28, 17, 1, 2, 345000, UTC)
    assert parse_line("2026-11-28T17:01:02.345Z [INFO]  x").timestamp == moment
    assert parse_line("2026-11-28T18:01:02.345+0100 [INFO]  x").timestamp == moment
    assert parse_line("[INFO]  x").timestamp is None


def fail_twice() -> str:
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError:
        return traceback.format_exc()


def test_a_python_traceback_with_its_causes_is_one_record() -> None:
    text = fail_twice()
    before, record, after = group(f"before\n{text}after\n")
    assert (before.message, after.message, after.level) == ("before", "after", "debug")
    assert (record.level, record.message) == ("error", "ValueError: outer")
    assert record.fields["traceback"] == text.rstrip()


def test_an_exception_group_is_one_record() -> None:
    try:
        raise ExceptionGroup("several", [ValueError("a"), TypeError("b")])
    except ExceptionGroup:
        text = traceback.format_exc()
    (record,) = group(text)
    assert record.fields["traceback"] == text.rstrip()


def test_two_tracebacks_are_two_records() -> None:
    text = fail_twice()
    assert [record.message for record in group(text + text)] == ["ValueError: outer", "ValueError: outer"]


def test_a_traceback_of_a_thread_and_a_syntax_error() -> None:
    text = 'Exception in thread T:\nTraceback (most recent call last):\n  File "x", line 1, in f\nOSError: gone'
    assert [record.message for record in group(text)] == ["OSError: gone"]
    text = '  File "plugin.py", line 1\n    def\n       ^\nSyntaxError: invalid syntax'
    assert [record.message for record in group(text)] == ["SyntaxError: invalid syntax"]


def test_a_log_record_ends_a_traceback() -> None:
    first, second = group("Traceback (most recent call last):\n  x\nE: y\n" + format_record("info", "m"))
    assert (first.message, second.message) == ("E: y", "m")


PANIC = "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:3 +0x1d\nexit status 2"


def test_a_go_panic_is_one_record_and_other_records_pass_through() -> None:
    lines = PANIC.splitlines()
    text = "\n".join([*lines[:3], format_record("info", "from another goroutine"), *lines[3:]])
    other, panic = group(text)
    assert other.message == "from another goroutine"
    assert (panic.level, panic.message, panic.fields) == ("error", "panic: boom", {"traceback": PANIC})


def test_after_a_panic_plain_lines_stay_errors() -> None:
    grouper = LineGrouper()
    grouper.feed("panic: boom")
    assert [record.level for record in grouper.flush()] == ["error"]
    assert grouper.feed("goroutine 2 [select]:") == []
    assert [record.level for record in grouper.flush()] == ["error"]


def test_an_endless_group_is_cut() -> None:
    records = group("panic: boom\n" + "x\n" * 2000)
    assert len(records) > 3
    assert {record.level for record in records} == {"error"}


def test_a_group_of_long_lines_is_cut_too() -> None:
    records = group("panic: boom\n" + ("x" * 64 * 1024 + "\n") * 40)
    assert len(records) > 5
    assert {record.level for record in records} == {"error"}


@given(st.lists(st.sampled_from([*fail_twice().splitlines(), *PANIC.splitlines(), "[INFO] x", "plain", "{}"])))
def test_no_line_is_lost(lines: list[str]) -> None:
    records = group("\n".join(lines))
    written = "\n".join(record.fields.get("traceback", record.message) for record in records)
    kept = [line for line in written.splitlines() if line.strip()]
    assert [line.removeprefix("[INFO] ") for line in lines if line.strip()] == kept


def test_a_record_says_when_it_was_written() -> None:
    before = datetime.now(UTC)
    record = parse_line(format_record("info", "now"))
    after = datetime.now(UTC)
    assert record.timestamp is not None
    assert before <= record.timestamp <= after
