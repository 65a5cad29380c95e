"""``viewra show PATH``."""

from __future__ import annotations

import click

from viewra import library
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_table
from viewra.library import display

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
    """Show all metadata of one file, and which plugin said it."""
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
                "metadata": {field: {"value": said.value, "plugin": said.plugin} for field, said in fields},
            }
        )
        return
    click.echo(display(file.path))
    click.echo(f"{file.mime_type}, {file.size:,} bytes, media file {file.id}\n")
    if fields:
        print_table([(field, said.value, said.plugin) for field, said in fields], ("FIELD", "VALUE", "PLUGIN"))
    else:
        click.echo("no metadata: no plugin read it")


def _rank(field: str) -> int:
    return FIRST.index(field) if field in FIRST else len(FIRST)
