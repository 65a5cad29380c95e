"""``viewra ls [QUERY]``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import click

from viewra.cli import _completing
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json_rows, print_line, print_table
from viewra.cli._query import QueryCommand, print_nothing_found, query_argument
from viewra.cli._rows import Formatter
from viewra.library.exporting import data, every
from viewra.types import Album, Artist, FileEntry, Genre, Page, Series

if TYPE_CHECKING:
    from viewra.library import LibraryAccess

SHOWN = 200
"""How many rows people see unless they ask for more; ``--json``, ``--format`` and pipes of ``export`` give all."""


@attrs.frozen
class _Listing:
    """What is listed: its rows, and which of their values people see."""

    kind: type[Any]
    rows: Callable[[LibraryAccess], Callable[..., Page[Any]]]
    columns: Sequence[tuple[str, str]]


_FILES = _Listing(
    FileEntry,
    lambda access: access.files,
    (("TITLE", "title"), ("ARTIST", "artist"), ("ALBUM", "album"), ("YEAR", "year"), ("PATH", "path")),
)
_ARTIST_COLUMNS = (("ID", "id"), ("ARTIST", "name"), ("FILES", "files"), ("ALBUMS", "albums"))
_LISTINGS = {
    "albums": _Listing(
        Album,
        lambda access: access.albums,
        (("ID", "id"), ("ARTIST", "albumartist"), ("ALBUM", "album"), ("YEAR", "year"), ("FILES", "files")),
    ),
    "artists": _Listing(Artist, lambda access: access.artists, _ARTIST_COLUMNS),
    "album-artists": _Listing(Artist, lambda access: partial(access.artists, role="albumartist"), _ARTIST_COLUMNS),
    "films": _Listing(FileEntry, lambda access: access.films, (("TITLE", "title"), ("YEAR", "year"), ("PATH", "path"))),
    "playlists": attrs.evolve(_FILES, rows=lambda access: access.playlists),
    "genres": _Listing(Genre, lambda access: access.genres, (("ID", "id"), ("GENRE", "name"), ("FILES", "files"))),
    "series": _Listing(
        Series,
        lambda access: access.series,
        (("ID", "id"), ("SERIES", "title"), ("SEASONS", "seasons"), ("EPISODES", "episodes")),
    ),
}


@click.command("ls", cls=QueryCommand)
@query_argument(required=False)
@click.option("--albums", "what", flag_value="albums", help="List the albums that have such files.")
@click.option("--artists", "what", flag_value="artists", help="List the artists of such files.")
@click.option("--album-artists", "what", flag_value="album-artists", help="List the artists of such files' albums.")
@click.option("--genres", "what", flag_value="genres", help="List the genres of such files.")
@click.option("--films", "what", flag_value="films", help="List such videos that are no episodes of a series.")
@click.option("--series", "what", flag_value="series", help="List the series of such files.")
@click.option("--playlists", "what", flag_value="playlists", help="List such files that are playlists.")
@click.option("--format", "text", metavar="TEXT", help="Print a line for each row, such as '$artist - $title'.")
@click.option(
    "--sort",
    metavar="FIELD",
    help="Sort by a field, downwards with a minus, such as -added.",
    shell_complete=_completing.sorts,
)
@click.option("--limit", type=click.IntRange(1), help="List at most so many.")
@json_option
@click.pass_obj
def command(
    options: Options, query: str, what: str | None, text: str | None, sort: str | None, limit: int | None, as_json: bool
) -> None:
    """List files, albums, artists, genres, films, series or playlists.

    QUERY chooses files as in viewra search; without one all are listed. See docs/queries.md.
    """
    if query.count('"') % 2:  # what comes behind is no part of the phrase
        query += '"'
    if sort:
        query = f"{query} sort:{sort}"
    listing = _LISTINGS.get(what or "", _FILES)
    with options.library() as library:
        pages = listing.rows(library)
        rows = every(
            lambda after, wanted: pages(query, after=after, limit=wanted),
            limit if limit or as_json or text else SHOWN + 1,
        )
        if text is not None:
            for line in Formatter(text, listing.kind, library).lines(rows):
                print_line(line)
        elif as_json:
            print_json_rows(map(data, rows))
        else:
            _print(listing, [*rows], limit, library, query)


def _print(listing: _Listing, rows: Sequence[Any], limit: int | None, access: LibraryAccess, query: str) -> None:
    if not rows:
        print_nothing_found(access.did_you_mean(query))
        return
    shown = rows if limit else rows[:SHOWN]
    table = [[getattr(row, name) for _, name in listing.columns] for row in shown]
    print_table(
        [["" if cell is None else cell for cell in row] for row in table], [head for head, _ in listing.columns]
    )
    if len(shown) < len(rows):
        print_line(f"… and more: --limit shows more than {SHOWN}, --json all")
