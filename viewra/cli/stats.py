"""``viewra stats``."""

from __future__ import annotations

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_table


@click.command("stats")
@json_option
@click.pass_obj
def command(options: Options, as_json: bool) -> None:
    """Show how much the library has."""
    with options.library() as library:
        found = library.stats()
    if as_json:
        print_json(attrs.asdict(found))
        return
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in found.kinds.items())
    rows = [
        ("files", f"{found.files:,}" + (f" ({kinds})" if kinds else "")),
        ("missing", f"{found.missing:,}"),
        ("size", _bytes(found.size)),
        ("duration", _hours(found.duration_s)),
        ("albums", f"{found.albums:,}"),
        ("artists", f"{found.artists:,}"),
        ("genres", f"{found.genres:,}"),
        ("series", f"{found.series:,}"),
    ]
    print_table(rows, ("WHAT", "HOW MUCH"))


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _hours(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:,} h {minutes % 60} min" if minutes else f"{rest} s"
