"""Writes viewra's manual page from the help of its commands: ``python -m viewra.cli.man > docs/viewra.1``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from viewra.cli._main import group
from viewra.cli._output import print_exact

_DESCRIPTION = """
viewra scans folders of music, films and pictures through plugins, and searches, lists and exports what they read. The
documents that come with it describe queries, plugins and how to run it.

Exit status: 0 success, 1 failed or interrupted, 2 wrong usage."""


def page() -> str:
    """Return the page in roff."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield '.\\" made by: python -m viewra.cli.man'
    yield ".TH VIEWRA 1"
    yield ".SH NAME"
    yield "viewra \\- " + _text(_first_sentence(group)).rstrip(".")
    yield ".SH SYNOPSIS"
    yield from _usage(group, "viewra")
    yield ".SH DESCRIPTION"
    yield from _paragraphs(_DESCRIPTION)
    yield ".SH OPTIONS"
    yield from _options(group)
    yield ".SH ENVIRONMENT"
    yield from _paragraphs(group.epilog or "")
    yield ".SH COMMANDS"
    yield from _commands(group, "viewra")


def _commands(above: click.Group, path: str) -> Iterator[str]:
    context = _context(above, path)
    for name in above.list_commands(context):
        command = above.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield f".SS {_text(f'{path} {name}')}"
        yield from _usage(command, f"{path} {name}")
        yield from _paragraphs(inspect.cleandoc(command.help or ""))
        yield from _options(command)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def _usage(command: click.Command, path: str) -> Iterator[str]:
    pieces = command.collect_usage_pieces(_context(command, path))
    yield ".nf"
    yield f"\\fB{_text(path)}\\fR {_text(' '.join(pieces))}"
    yield ".fi"


def _options(command: click.Command) -> Iterator[str]:
    context = _context(command)
    for parameter in command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            names, text = record
            yield ".TP"
            yield f"\\fB{_text(names)}\\fR"
            yield _text(" ".join(text.split()))


def _context(command: click.Command, path: str | None = None) -> click.Context:
    # click keeps the option --help of a command as the first context wants it: as on the command line.
    names = group.context_settings["help_option_names"]
    return click.Context(command, info_name=path, help_option_names=names)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _first_sentence(command: click.Command) -> str:
    return " ".join((command.help or "").split()).partition(". ")[0]


def _text(text: str) -> str:
    """Return text in which nothing is a command of roff."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe[:1] in {".", "'"} else safe


if __name__ == "__main__":
    print_exact(page().splitlines())
