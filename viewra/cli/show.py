"""``viewra show PATH``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from viewra import library
from viewra.cli import _completing
from viewra.cli._failures import failure_data, failure_line, of_present_plugins
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.library import display
from viewra.library.exporting import time_text
from viewra.types import MetadataValue
from viewra.types.values import joined

FIRST = (
    "title",
    "artist",
    "album",
    "albumartist",
    "composer",
    "discnumber",
    "tracknumber",
    "date",
    "genre",
    "duration",
)
"""The most wanted fields come first, the others in alphabetical order."""


@click.command("show")
@click.argument("path", shell_complete=_completing.files)
@json_option
@click.pass_obj
def command(options: Options, path: str, as_json: bool) -> None:
    """Show all metadata of one file: which plugin gave it, why its value counts, and the other plugins' values."""
    with options.engine() as engine:
        file = library.show(engine, path)
        failures = library.failures_of(engine, file.id)
    failures = of_present_plugins(options, failures)
    fields = sorted(file.metadata.items(), key=lambda item: (_rank(item[0]), item[0]))
    if as_json:
        print_json(
            {
                "path": display(file.path),
                "media_file_id": file.id,
                "mime_type": file.mime_type,
                "size": file.size,
                "metadata": {field: _data(said) for field, said in fields},
                "other_paths": [display(other) for other in file.other_paths],
                "missing_since": time_text(file.missing_since) if file.missing_since is not None else None,
                "failures": [failure_data(one) for one in failures],
            }
        )
        return
    print_line(file.path)
    print_line(f"{file.mime_type}, {file.size:,} bytes, media file {file.id}")
    for other in file.other_paths:
        print_line(f"also at {display(other)}")
    if file.missing_since is not None:
        print_line(f"missing since {time_text(file.missing_since)}")
    print_line()
    if fields:
        print_table([row for field, said in fields for row in _rows(field, said)], ("FIELD", "VALUE", "PLUGIN", "WHY"))
    else:
        print_line("no metadata" if failures else "no metadata: no plugin read it")
    for failure in failures:
        print_line(failure_line(failure))


def _data(said: MetadataValue) -> dict[str, Any]:
    others = [{"plugin": plugin, "value": value} for plugin, value in said.others]
    stated_in = display(said.stated_in) if said.stated_in is not None else None
    return {"value": said.value, "plugin": said.plugin, "why": said.why, "others": others, "stated_in": stated_in}


def _rows(field: str, said: MetadataValue) -> Iterator[tuple[str, str, str, str]]:
    """The value that counts, and below it the other plugins' values; a reason only if there was a choice."""
    beside = f" ({display(said.stated_in.rpartition('/')[2])})" if said.stated_in is not None else ""
    yield field, joined(said.value), said.plugin + beside, said.why if said.others else ""
    for plugin, value in said.others:
        yield "", joined(value), plugin, "the same" if value == said.value else "does not count"


def _rank(field: str) -> int:
    return FIRST.index(field) if field in FIRST else len(FIRST)
