"""``viewra show PATH``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from viewra import library
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_table
from viewra.library import display
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
"""Fields that people look for come first, the others in alphabetical order."""


@click.command("show")
@click.argument("path")
@json_option
@click.pass_obj
def command(options: Options, path: str, as_json: bool) -> None:
    """Show all metadata of one file: which plugin said it, why its word counts, and what the others said."""
    with options.host(exclusive=False) as host:
        file = library.show(host.engine, path)
    fields = sorted(file.metadata.items(), key=lambda item: (_rank(item[0]), item[0]))
    if as_json:
        print_json(
            {
                "path": display(file.path),
                "media_file_id": file.id,
                "mime_type": file.mime_type,
                "size": file.size,
                "metadata": {field: _data(said) for field, said in fields},
            }
        )
        return
    click.echo(display(file.path))
    click.echo(f"{file.mime_type}, {file.size:,} bytes, media file {file.id}\n")
    if fields:
        print_table([row for field, said in fields for row in _rows(field, said)], ("FIELD", "VALUE", "PLUGIN", "WHY"))
    else:
        click.echo("no metadata: no plugin read it")


def _data(said: MetadataValue) -> dict[str, Any]:
    others = [{"plugin": plugin, "value": value} for plugin, value in said.others]
    return {"value": said.value, "plugin": said.plugin, "why": said.why, "others": others}


def _rows(field: str, said: MetadataValue) -> Iterator[tuple[str, str, str, str]]:
    """The value that counts, and below it what the other plugins said; a reason only where there was a choice."""
    yield field, joined(said.value), said.plugin, said.why if said.others else ""
    for plugin, value in said.others:
        yield "", joined(value), plugin, "the same" if value == said.value else "does not count"


def _rank(field: str) -> int:
    return FIRST.index(field) if field in FIRST else len(FIRST)
