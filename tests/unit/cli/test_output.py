"""Nothing printed can steer a terminal or look like another line; JSON keeps the exact values."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viewra.cli
from viewra.cli import _output
from viewra.cli._logging import JSONFormatter, TextFormatter, configure

ANY_TEXT = st.text(
    st.characters(codec=None) | st.sampled_from("\x1b\x07\r\n\x7f\x9b\u202e\u2028\u200b\ufeff\ud800\udcff")
)
CONTROLS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | ANY_TEXT, lambda inner: st.lists(inner, max_size=3))


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function that gives what a function wrote to both streams."""

    def run(function: Callable[..., None], *arguments: object, **options: object) -> str:
        written: list[str] = []
        monkeypatch.setattr(_output, "_put", lambda _stream, text: written.append(text))
        function(*arguments, **options)
        return "".join(written)

    return run


@given(ANY_TEXT)
def test_a_line_is_one_line_without_controls(text: str) -> None:
    assert not CONTROLS.search(_output.in_one_line(text))
    assert "\n" not in _output.in_one_line(text)
    _output.in_one_line(text).encode()  # it can be encoded


@given(ANY_TEXT)
def test_further_lines_of_a_text_are_indented(text: str) -> None:
    first, *others = _output.indented(text).split("\n")
    assert all(line.startswith("    ") for line in others)
    assert not any(CONTROLS.search(line) for line in (first, *others))


@pytest.mark.parametrize("print_it", [_output.print_line, _output.print_text, _output.print_lines])
def test_what_is_printed_ends_each_line_and_no_more(printed: Callable[..., str], print_it: Callable[..., None]) -> None:
    out = printed(print_it, "a\x1b[2J\rb\x07\x9bc\u202ed")
    assert out == "a\\x1b[2J\\rb\\x07\\x9bc\\u202ed\n"


def test_a_table_has_a_line_for_each_row(printed: Callable[..., str]) -> None:
    out = printed(_output.print_table, [("a\nb", "\x1b[31m"), ("c", None)], ("X", "Y"))
    assert out.split("\n") == ["X     Y", "a\\nb  \\x1b[31m", "c", ""]


@given(VALUES)
def test_json_has_the_exact_values_and_no_controls(value: object) -> None:
    text = _output.as_json(value)
    assert not CONTROLS.search(text)
    assert json.loads(text) == value
    text.encode()


@pytest.mark.parametrize("count", [0, 1, 2, 1200])
def test_a_long_list_is_printed_as_a_short_one(printed: Callable[..., str], count: int) -> None:
    rows = [{"number": number, "title": "é\x1b", "more": [number]} for number in range(count)]
    whole = printed(_output.print_json, rows)
    assert printed(_output.print_json_rows, iter(rows)) == whole


def test_titles_in_any_script_are_shown_as_they_are() -> None:
    for title in ("Für Elise", "夜\u3000曲", "می\u200cخواهم", "👩\u200d🚀", "a\\b"):
        assert _output.in_one_line(title) == title
        assert title in _output.as_json({"t": title.replace("\\", "/")}) or "\\" in title


def test_a_stream_of_another_encoding_gets_escapes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="latin-1") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        _output.print_line("Für 夜")
    assert (tmp_path / "out").read_bytes() == b"F\xfcr \\u591c\n"


def record(message: object, *arguments: object, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("viewra.plugin.x", logging.WARNING, "", 0, message, arguments, None)
    made.fields = fields
    return made


def deep(levels: int) -> object:
    value: object = "end"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        2**70,
        -(2**65),
        "\ud800",
        deep(300),
        deep(100_000),
        {("a", 1): 2},
        {1: "x"},
        float("nan"),
        object(),
        b"\xff",
        {1, 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_record_in_json_is_never_lost(value: object) -> None:
    line = JSONFormatter().format(record("hello", key=value, other=1))
    assert "\n" not in line
    line.encode()
    found = json.loads(line) if value is not None and sys.getsizeof(line) < 10**5 else {}
    assert found.get("message", "hello") == "hello"
    assert found.get("other", 1) == 1


def test_integers_of_any_size_are_exact_in_json() -> None:
    assert json.loads(JSONFormatter().format(record("m", key=2**70)))["key"] == 2**70


def test_a_record_whose_arguments_do_not_fit_is_not_lost() -> None:
    assert json.loads(JSONFormatter().format(record("%d files", "many")))["message"] == "%d files ('many',)"


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_log_line_cannot_be_forged(message: str, key: str, value: str) -> None:
    made = record("%s", message, **{key: value})
    made.name = f"viewra.{message}"
    for formatter in (TextFormatter(), JSONFormatter()):
        first, *others = formatter.format(made).split("\n")
        assert not any(CONTROLS.search(line) for line in (first, *others))
        assert all(line.startswith("    ") for line in others)
    json.loads(JSONFormatter().format(made))


PRINTS = {("click", "echo"), ("click", "secho"), ("click", "echo_via_pager"), ("click", "confirm"), ("click", "prompt")}
ALLOWED = {"_output.py"}


def test_commands_print_through_the_one_module_alone() -> None:
    """No ``click.echo``, no ``print``, no write to a stream, no rich console but for live tables on a terminal."""
    found = []
    for path in sorted(Path(viewra.cli.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or path.name in ALLOWED:
                continue
            target = node.func
            if isinstance(target, ast.Name) and target.id in {"print", "echo"}:
                found.append((path.name, node.lineno))
            if isinstance(target, ast.Attribute):
                owner = ast.unparse(target.value)
                if (owner, target.attr) in PRINTS or (owner in {"sys.stdout", "sys.stderr"} and target.attr == "write"):
                    found.append((path.name, node.lineno))
    assert found == []


def test_json_stays_json_where_the_terminal_has_few_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    _output.print_json({"title": "Præludium 🎵"})
    assert json.loads(written.getvalue()) == {"title": "Præludium 🎵"}


@pytest.mark.parametrize(("level", "lines"), [("warning", 0), ("debug", 1)])
def test_what_libraries_log_has_no_form_of_its_own(
    level: str, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own, root = logging.getLogger("viewra"), logging.getLogger()
    for logger, name, value in ((root, "handlers", []), (own, "handlers", []), (own, "propagate", True)):
        monkeypatch.setattr(logger, name, value)
    monkeypatch.setattr(own, "level", own.level)
    configure(level, "json")
    logging.getLogger("psycopg").warning("error ignored terminating %r", "a pipeline")
    said = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["logger"] for line in said] == ["psycopg"] * lines
