"""What commands print: JSON for programs, aligned columns for people; paths as text in either."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from viewra.library import display

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(data: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
    """Print rows as aligned columns under a header."""
    texts = [[in_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in [list(header), *texts]) for index in range(len(header))]
    for row in [list(header), *texts]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_text(text: str) -> None:
    """Print a text that may have several lines, such as a plugin's last output; those after the first are indented."""
    click.echo(indented(text))


def indented(text: str) -> str:
    """A text with its lines after the first one indented, and nothing in it that a terminal takes for a command."""
    first, *others = text.split("\n")
    return "\n".join([in_one_line(first), *(f"    {in_one_line(line)}" for line in others)])


def in_one_line(value: object) -> str:
    """A value as one line of text; what a terminal would take for a command is shown as an escape."""
    text = display(str(value)) if value is not None else ""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
