"""``viewra ls [QUERY]``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.cli._query import QueryCommand, query_argument
from viewra.cli._rows import Formatter, data, every
from viewra.errors import UsageError
from viewra.library import LibraryAccess
from viewra.types import Page

SHOWN = 200
"""How many rows people see unless they ask for more; ``--json``, ``--format`` and pipes of ``export`` give all."""


@attrs.frozen
class _Listing:
    """What is listed: its rows, and which of their values people see."""

    rows: Callable[[LibraryAccess], Callable[..., Page[Any]]]
    columns: Sequence[tuple[str, str]]


_FILES = _Listing(
    lambda access: access.files,
    (("TITLE", "title"), ("ARTIST", "artist"), ("ALBUM", "album"), ("YEAR", "year"), ("PATH", "path")),
)
_LISTINGS = {
    "albums": _Listing(
        lambda access: access.albums,
        (("ID", "id"), ("ARTIST", "albumartist"), ("ALBUM", "album"), ("YEAR", "year"), ("FILES", "files")),
    ),
    "artists": _Listing(
        lambda access: access.artists, (("ID", "id"), ("ARTIST", "name"), ("FILES", "files"), ("ALBUMS", "albums"))
    ),
    "genres": _Listing(lambda access: access.genres, (("ID", "id"), ("GENRE", "name"), ("FILES", "files"))),
    "series": _Listing(
        lambda access: access.series,
        (("ID", "id"), ("SERIES", "title"), ("SEASONS", "seasons"), ("EPISODES", "episodes")),
    ),
}


@click.command("ls", cls=QueryCommand)
@query_argument(required=False)
@click.option("--albums", "what", flag_value="albums", help="List the albums that have such files.")
@click.option("--artists", "what", flag_value="artists", help="List the artists of such files.")
@click.option("--genres", "what", flag_value="genres", help="List the genres of such files.")
@click.option("--series", "what", flag_value="series", help="List the series of such files.")
@click.option("--playlists", "what", flag_value="playlists", help="List such files that are playlists.")
@click.option("--format", "text", metavar="TEXT", help="Print a line for each file, such as '$artist - $title'.")
@click.option("--sort", metavar="FIELD", help="Sort by a field, downwards with a minus, such as -added.")
@click.option("--limit", type=click.IntRange(1), help="List at most so many.")
@json_option
@click.pass_obj
def command(
    options: Options, query: str, what: str | None, text: str | None, sort: str | None, limit: int | None, as_json: bool
) -> None:
    """List files, albums, artists, genres, series or playlists.

    QUERY chooses files as in viewra search; without one all are listed. See docs/queries.md.
    """
    if text is not None and what not in {None, "playlists"}:
        raise UsageError("--format is for files", hint=f"leave out --{what}, or use --json")
    if query.count('"') % 2:  # what comes behind is no part of the phrase
        query += '"'
    if sort:
        query = f"{query} sort:{sort}"
    if what == "playlists":
        query = f"({query}) kind:playlist"
    listing = _LISTINGS.get(what or "", _FILES)
    with options.host(exclusive=False) as host:
        pages = listing.rows(host.library)
        rows = every(
            lambda after, wanted: pages(query, after=after, limit=wanted),
            limit if limit or as_json or text else SHOWN + 1,
        )
        if text is not None:
            formatter = Formatter(text, host.library)
            for row in rows:
                print_line(formatter.line(row))
        elif as_json:
            print_json([data(row) for row in rows])
        else:
            _print(listing, [*rows], limit)


def _print(listing: _Listing, rows: Sequence[Any], limit: int | None) -> None:
    if not rows:
        print_line("nothing found")
        return
    shown = rows if limit else rows[:SHOWN]
    table = [[getattr(row, name) for _, name in listing.columns] for row in shown]
    print_table(
        [["" if cell is None else cell for cell in row] for row in table], [head for head, _ in listing.columns]
    )
    if len(shown) < len(rows):
        print_line(f"… and more: --limit shows more than {SHOWN}, --json all")
