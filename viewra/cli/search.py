"""``viewra search QUERY``."""

from __future__ import annotations

from contextlib import ExitStack

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.cli._query import QueryCommand, query_argument
from viewra.errors import UsageError, ViewraError
from viewra.host import Plugin
from viewra.library import display
from viewra.types import PluginState, SearchPage


@click.command("search", cls=QueryCommand)
@query_argument(required=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Show so many hits.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many hits first.")
@json_option
@click.pass_obj
def command(options: Options, query: str, limit: int, offset: int, as_json: bool) -> None:
    """Search the library.

    QUERY is words, all of which must be found; "a phrase"; begin* of words; -without; field:word, field:>5, field:a..b
    and field:~regex with any field that is known of files; a OR b, (…); sort:field or sort:-field. See docs/queries.md.
    """
    page = _search(options, query, limit, offset)
    for error in page.errors:
        print_line(f"viewra: {error}", err=True)
    if as_json:
        results = [{**attrs.asdict(hit), "path": display(hit.path)} for hit in page.results]
        print_json({"total": page.total, "has_more": page.has_more, "results": results})
    elif page.results:
        rows = [(f"{hit.score:.2f}", hit.title, hit.artist, hit.album, hit.path or hit.source) for hit in page.results]
        print_table(rows, ("SCORE", "TITLE", "ARTIST", "ALBUM", "PATH"))
        if page.total > len(page.results):
            total = f"more than {page.total:,}" if page.has_more else f"{page.total:,}"
            print_line(f"{len(page.results)} of {total} hits; --limit and --offset show others")
    else:
        print_line("nothing found")


def _search(options: Options, query: str, limit: int, offset: int) -> SearchPage:
    """Search the library, which needs no lock, and plugins' own sources, which need a host."""
    with options.host(exclusive=False) as host:
        if not options.reattach and not any(_searches(plugin) for plugin in host.plugins.values()):
            return host.search(query, limit=limit, offset=offset, plugins=False)
    with ExitStack() as stack:
        try:
            host = stack.enter_context(options.host())
        except UsageError:
            raise
        except (ViewraError, OSError) as error:  # another host runs, or the disk is full or read-only
            print_line(f"viewra: only the library is searched, not the plugins' own sources: {error}", err=True)
            host = stack.enter_context(options.host(exclusive=False))
            return host.search(query, limit=limit, offset=offset, plugins=False)
        return host.search(query, limit=limit, offset=offset)


def _searches(plugin: Plugin) -> bool:
    return plugin.state not in {PluginState.DISABLED, PluginState.INVALID} and plugin.search is not None
