"""``viewra search QUERY``."""

from __future__ import annotations

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import LockedError
from viewra.library import display
from viewra.types import SearchPage


@click.command("search")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Show so many hits.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many hits first.")
@json_option
@click.pass_obj
def command(options: Options, query: tuple[str, ...], limit: int, offset: int, as_json: bool) -> None:
    """Search the library.

    QUERY is words, all of which must be found; "a phrase"; begin* of words; -without; field:word with title, artist,
    album, albumartist, composer, genre, date or path; a OR b.
    """
    page = _search(options, " ".join(query), limit, offset)
    for error in page.errors:
        print_line(f"viewra: {error}", err=True)
    if as_json:
        results = [{**attrs.asdict(hit), "path": display(hit.path)} for hit in page.results]
        print_json({"total": page.total, "results": results})
    elif page.results:
        rows = [(f"{hit.score:.2f}", hit.title, hit.artist, hit.album, hit.path or hit.source) for hit in page.results]
        print_table(rows, ("SCORE", "TITLE", "ARTIST", "ALBUM", "PATH"))
        if page.total > len(page.results):
            print_line(f"{len(page.results)} of {page.total} hits; --limit and --offset show others")
    else:
        print_line("nothing found")


def _search(options: Options, query: str, limit: int, offset: int) -> SearchPage:
    try:
        with options.host() as host:
            return host.search(query, limit=limit, offset=offset)
    except LockedError as error:
        print_line(f"viewra: only the library is searched, not the plugins' own sources: {error}", err=True)
    with options.host(exclusive=False) as host:
        return host.search(query, limit=limit, offset=offset, plugins=False)
