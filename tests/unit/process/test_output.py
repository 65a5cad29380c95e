"""Lines out of bytes, the handshake line among them, and floods."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.process.output import CHARACTERS_PER_SECOND, KEPT_LINES, LONGEST_LINE, LineSplitter, Output


class Recorder:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, stream: str, text: str) -> None:
        self.lines.append((stream, text))


@given(st.lists(st.binary(max_size=20).map(lambda data: data.replace(b"x", b"\n"))))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks: list[bytes]) -> None:
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.end()
    *whole, rest = b"".join(chunks).split(b"\n")
    assert lines == [line.removesuffix(b"\r") for line in [*whole, *([rest] if rest else [])]]


@given(st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"x", b"\n"))))
def test_a_long_line_is_cut_and_the_next_one_is_whole(chunks: list[bytes]) -> None:
    splitter = LineSplitter(longest=8)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.end()
    *whole, rest = b"".join(chunks).split(b"\n")
    expected = [*whole, *([rest] if rest else [])]
    assert lines == [line[:8] + b" [line cut]" if len(line) > 8 else line.removesuffix(b"\r") for line in expected]


def test_a_line_without_end_takes_no_memory() -> None:
    splitter = LineSplitter(longest=1000)
    assert splitter.feed(b"a" * 900) == []
    assert splitter.feed(b"a" * 900) == [b"a" * 1000 + b" [line cut]"]
    for _ in range(100):
        assert splitter.feed(b"a" * 1000) == []
    assert splitter.rest == b""
    assert splitter.feed(b"\nnext\n") == [b"next"]


def test_the_handshake_is_picked_out_of_other_lines() -> None:
    recorder = Recorder()
    output = Output(recorder)
    output.feed("stdout", b"hello\n1|1|unix|/s|gr")
    assert output.handshake(0) is None
    assert output.begun == "1|1|unix|/s|gr"
    output.feed("stdout", b"pc|\nlater\n2|not again\n")
    assert output.handshake(0) == "1|1|unix|/s|grpc|"
    assert recorder.lines == [("stdout", "hello"), ("stdout", "later"), ("stdout", "2|not again")]


def test_a_handshake_on_stderr_is_none() -> None:
    output = Output(Recorder())
    output.feed("stderr", b"1|1|unix|/s|grpc|\n")
    assert output.handshake(0) is None


def test_waiting_ends_with_the_line_and_with_the_stream() -> None:
    for data, line in ((b"1|x\n", "1|x"), (b"", None)):
        output = Output(Recorder())
        got: list[str | None] = []
        thread = threading.Thread(target=lambda output=output, got=got: got.append(output.handshake(60)))
        thread.start()
        output.feed("stdout", data)
        output.end("stdout")
        thread.join(60)
        assert got == [line]


def test_the_last_lines_of_each_stream_are_kept() -> None:
    output = Output(Recorder())
    output.feed("stderr", b"".join(b"%d\n" % number for number in range(100)))
    output.feed("stdout", b"out\nrest")
    output.end("stdout")
    assert output.last("stderr") == tuple(str(number) for number in range(100 - KEPT_LINES, 100))
    assert output.last() == ("out", "rest", *output.last("stderr"))


def test_of_a_flood_the_rest_is_counted() -> None:
    recorder = Recorder()
    output = Output(recorder, lines_per_second=10)
    output.feed("stderr", b"".join(b"%d\n" % number for number in range(25)))
    output.end("stderr")
    assert [text for _, text in recorder.lines] == [
        *map(str, range(10)),
        "[WARN] 15 lines left out: too much in one second",
    ]
    assert output.last("stderr")[-1] == "24"


def test_of_a_flood_of_long_lines_few_are_taken() -> None:
    recorder = Recorder()
    output = Output(recorder)
    for _ in range(CHARACTERS_PER_SECOND // LONGEST_LINE + 10):
        output.feed("stdout", b"x" * (LONGEST_LINE - 1) + b"\n")
    output.end("stdout")
    *taken, note = (text for _, text in recorder.lines)
    assert len(taken) == CHARACTERS_PER_SECOND // LONGEST_LINE + 1
    assert note == "[WARN] 9 lines left out: too much in one second"


def test_bytes_that_are_not_utf8_are_shown() -> None:
    recorder = Recorder()
    Output(recorder).feed("stderr", b"a\xff\r\n")
    assert recorder.lines == [("stderr", "a\\xff")]


@given(st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"")))
def test_any_bytes_become_text_without_surrogates(data: bytes) -> None:
    output = Output(Recorder())
    output.feed("stderr", data + b"\n")
    assert output.last() == (data.removesuffix(b"\r").decode("utf-8", "backslashreplace"),)


def test_a_failing_listener_is_logged_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(stream: str, text: str) -> None:
        raise RuntimeError("listener")

    output = Output(fail)
    output.feed("stdout", b"a\nb\n1|c\n")
    assert output.handshake(0) == "1|c"
    assert output.last() == ("a", "b")
    assert len(caplog.records) == 1
