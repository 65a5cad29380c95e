"""``viewra assets list|show``: covers and other files that plugins have stored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from viewra.cli import _completing
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import UsageError, ViewraError
from viewra.library.exporting import time_text

if TYPE_CHECKING:  # --help needs no host
    from viewra.host import Host
    from viewra.host.admin.asset_operations import AssetUse
    from viewra.types import Asset

_PAGE = 500


@click.group("assets")
def command() -> None:
    """List and show assets: covers and other files that plugins have stored."""


@command.command("list")
@click.option("--plugin", "plugin_id", help="Only what this plugin has stored.", shell_complete=_completing.plugins)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@click.pass_obj
def list_(options: Options, plugin_id: str | None, limit: int | None, as_json: bool) -> None:
    """List assets in the order in which they were stored."""
    from viewra.host.admin.present import as_json as presented

    with options.host(exclusive=False) as host:
        found = [one for one, _ in zip(_all(host, plugin_id), range(limit or 2**63), strict=False)]
    if as_json:
        print_json(presented(found))
    elif found:
        rows = [(one.id[:16], one.media_type, f"{one.size:,}", time_text(one.added_at)) for one in found]
        print_table(rows, ("ID", "TYPE", "BYTES", "STORED"))
    else:
        print_line("no assets: artwork is stored when it is first shown")


@command.command("show")
@click.argument("asset_id", metavar="ID")
@click.option("--output", type=click.Path(path_type=Path), help="Also write the asset to this new file.")
@json_option
@click.pass_obj
def show(options: Options, asset_id: str, output: Path | None, as_json: bool) -> None:
    """Show one asset: who stored it, and what it is linked with. The beginning of its ID is enough."""
    from viewra.host.admin import asset_operations
    from viewra.host.admin.present import as_json as presented

    with options.host(exclusive=False) as host:
        used = asset_operations.asset(host, host.assets.whole_id(asset_id))
        if output is not None:
            _write(host, used.asset, output)
    if as_json:
        print_json(presented(used))
        return
    one = used.asset
    print_line(one.id)
    print_line(f"{one.media_type}, {one.size:,} bytes, stored {time_text(one.added_at)}")
    print_line(f"by {', '.join(used.plugins) or 'no plugin any more'}")
    if used.links:
        print_table(_links(used), ("KIND", "OF", "ID", "PLUGIN", "SOURCE", "METADATA"))


def _all(host: Host, plugin_id: str | None) -> Iterator[Asset]:
    after = 0
    while page := host.assets.page(plugin_id=plugin_id, after=after, limit=_PAGE):
        yield from page
        after = page[-1].number


def _links(used: AssetUse) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for one in used.links:
        ids = (("file", one.media_file_id), ("album", one.album_id), ("artist", one.artist_id))
        what, number = next(pair for pair in ids if pair[1] is not None)
        said = ", ".join(f"{name}: {text}" for name, text in sorted(one.metadata.items()))
        rows.append((one.kind, what, number, one.plugin_id, one.source_url, said))
    return rows


def _write(host: Host, asset: Asset, output: Path) -> None:
    try:
        with host.assets.open(asset.id).file as source, output.open("xb") as target:
            shutil.copyfileobj(source, target)
    except FileExistsError as error:
        raise UsageError(f"{output} is there already", hint="name a new file") from error
    except OSError as error:
        raise ViewraError(f"{output} cannot be written: {error.strerror}") from error
