"""``viewra show PATH``."""

from __future__ import annotations

import click

from viewra import library
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_table
from viewra.library import display


@click.command("show")
@click.argument("path")
@json_option
@click.pass_obj
def command(options: Options, path: str, as_json: bool) -> None:
    """Show all metadata of one file, and which plugin said it."""
    with options.host(exclusive=False) as host:
        file = library.show(host.engine, path)
    if as_json:
        print_json(
            {
                "path": display(file.path),
                "media_file_id": file.id,
                "mime_type": file.mime_type,
                "size": file.size,
                "metadata": {
                    field: {"value": said.value, "plugin": said.plugin} for field, said in file.metadata.items()
                },
            }
        )
        return
    click.echo(display(file.path))
    click.echo(f"{file.mime_type}, {file.size:,} bytes, media file {file.id}\n")
    if file.metadata:
        print_table(
            [(field, said.value, said.plugin) for field, said in file.metadata.items()], ("FIELD", "VALUE", "PLUGIN")
        )
    else:
        click.echo("no metadata: no plugin read it")
