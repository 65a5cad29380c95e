"""Prints all output of commands: JSON for programs, lines and columns for people, with everything unsafe escaped.

Text from files, plugins and arguments can neither control the terminal nor imitate viewra's own lines.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import click

from viewra.cli._tables import table_lines
from viewra.library import display

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

_JOINERS = frozenset("\u200c\u200d")
"""Characters that only join letters and emoji; ``str.isprintable`` is False for them."""

_ASTRAL = 0x10000

LINES_A_WRITE = 500
"""How many lines of what may be long are written at once."""


def print_line(text: object = "", *, err: bool = False) -> None:
    """Print one line, to stderr with ``err``; line ends and control characters in it are shown as escapes."""
    _write([in_one_line(text)], err=err)


def print_text(text: str, *, err: bool = False) -> None:
    """Print a text that may have several lines, such as a plugin's last output; lines after the first are indented."""
    _write(indented(text).split("\n"), err=err)


def print_lines(text: str, *, err: bool = False) -> None:
    """Print a text that viewra made itself line by line, such as SQL, with its lines as they are."""
    _write([in_one_line(line) for line in text.removesuffix("\n").split("\n")], err=err)


def print_json(data: Any, *, indent: int | None = 2) -> None:
    """Print one JSON document, with the exact values."""
    text = as_json(data, indent=indent)
    _write((text if _can_print(text) else json.dumps(data, indent=indent)).split("\n"))


def print_json_rows(rows: Iterable[Any]) -> None:
    """Print a JSON list as ``print_json`` does, row by row: it may be longer than fits into memory."""
    written, lines = False, ["["]
    for row in rows:
        text = as_json(row)
        if written:
            lines[-1] += ","
        lines += [f"  {line}" for line in (text if _can_print(text) else json.dumps(row, indent=2)).split("\n")]
        written = True
        if len(lines) > LINES_A_WRITE:
            _write(lines[:-1])
            del lines[:-1]
    _write([*lines, "]"] if written else ["[]"])


def print_table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
    """Print rows as aligned columns under a header, cut to the width of a terminal; a pipe gets the whole values."""
    width = None
    if sys.stdout is not None and sys.stdout.isatty():
        import shutil  # light start: it brings modules for archives along

        width = shutil.get_terminal_size().columns
    _write(table_lines([[in_one_line(cell) for cell in row] for row in rows], header, width))


def print_exact(lines: Sequence[str]) -> None:
    """Print lines as they are into a file or a pipe, for a program to read; on a terminal as ``print_line`` does."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    _write([in_one_line(line) for line in lines] if is_terminal else lines)


def confirm(question: str) -> bool:
    """Ask on stderr; raises ``click.Abort`` without a terminal."""
    return click.confirm(in_one_line(question), err=True)


def ask_unseen(question: str) -> str:
    """Ask on the terminal, through stderr, for a text that is not echoed; "" if nothing is typed."""
    answer: str = click.prompt(in_one_line(question), hide_input=True, default="", show_default=False, err=True)
    return answer


def flush() -> None:
    """See that all that was printed is written. Raises OSError."""
    sys.stdout.flush()


def indented(text: str) -> str:
    """A text with its lines after the first indented, and without characters that control the terminal."""
    first, *others = text.split("\n")
    return "\n".join([in_one_line(first), *(f"    {in_one_line(line)}" for line in others)])


def in_one_line(value: object) -> str:
    """A value as one line of text; characters that control the terminal become escapes."""
    text = display(str(value)) if value is not None else ""
    return text if text.isprintable() else "".join(char if _is_shown(char) else _escape(char) for char in text)


def as_json(data: Any, *, indent: int | None = 2) -> str:
    """A JSON document in printable characters; all others become JSON escapes."""
    return json_escaped(json.dumps(data, ensure_ascii=False, indent=indent))


def json_escaped(text: str) -> str:
    """A JSON text in which characters that a terminal does not print are escaped."""
    return _UNPRINTABLE.sub(_json_escape, text)


def _is_shown(char: str) -> bool:
    # Spaces of other widths (U+3000 is in many titles) are harmless.
    return (
        char.isprintable() or char in _JOINERS or (char.isspace() and ord(char) > 0xA0 and char not in "\u2028\u2029")
    )


def _escape(char: str) -> str:
    return repr(char)[1:-1]


_UNPRINTABLE = re.compile(r"[^\n\x20-\x7e]")
"""Characters that may need an escape in JSON; JSON has already escaped its own control characters."""


def _json_escape(found: re.Match[str]) -> str:
    char = found.group()
    if _is_shown(char):
        return char
    code = ord(char)
    if code < _ASTRAL:
        return f"\\u{code:04x}"
    code -= _ASTRAL
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _write(lines: Sequence[str], *, err: bool = False) -> None:
    _put(sys.stderr if err else sys.stdout, "".join(f"{line}\n" for line in lines))


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
