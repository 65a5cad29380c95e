"""``viewra search QUERY``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from viewra import library
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.cli._query import QueryCommand, print_nothing_found, query_argument
from viewra.errors import UsageError, ViewraError
from viewra.host.installed.data_dir import PACKAGES, read_note
from viewra.library import display
from viewra.types import PluginState, SearchHit, SearchPage

if TYPE_CHECKING:  # a search of the library alone needs no host
    from viewra.host import Plugin


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
    page, errors = _search(options, query, limit, offset)
    for error in errors:
        print_line(f"viewra: {error}", err=True)
    if as_json:
        results = [{**attrs.asdict(hit), "path": display(hit.path)} for hit in page.results]
        print_json(
            {
                "total": page.total,
                "has_more": page.has_more,
                "did_you_mean": page.did_you_mean,
                "results": results,
            }
        )
    elif page.results:
        from viewra.library.searching import LIBRARY  # light start: a plain search of the library loads it anyhow

        several = any(hit.source != LIBRARY for hit in page.results)
        rows = [
            (f"{hit.score:.2f}", hit.title, hit.artist, hit.album, *([hit.source] if several else ()), hit.path)
            for hit in page.results
        ]
        print_table(rows, ("SCORE", "TITLE", "ARTIST", "ALBUM", *(["SOURCE"] if several else ()), "PATH"))
        if page.total > len(page.results):
            total = f"more than {page.total:,}" if page.has_more else f"{page.total:,}"
            print_line(f"{len(page.results)} of {total} hits; --limit and --offset show others")
    else:
        print_nothing_found(page.did_you_mean)


def _search(options: Options, query: str, limit: int, offset: int) -> tuple[SearchPage, Sequence[object]]:
    """Search the library, which needs no lock, and plugins' own sources, which need a host: the page, and errors."""
    from viewra.host.installed.searchers import Searchers  # light start: --help needs no SQLAlchemy

    if (answer := _answer_of_host(options, query, limit, offset)) is not None:
        return answer
    with options.engine() as engine:
        searchers = Searchers(engine, options.directory, [*map(Path, options.plugins), options.directory / PACKAGES])
        if searchers.answer is False and not options.reattach:
            return library.search(engine, None, query, limit, offset), ()
    if searchers.answer is None:
        with options.host(exclusive=False) as host:
            some_search = any(map(_searches, host.plugins.values()))
            searchers.remember(some_search)
            if not options.reattach and not some_search:
                return host.search(query, limit=limit, offset=offset, plugins=False), ()
    with ExitStack() as stack:
        try:
            host = stack.enter_context(options.host())
        except UsageError:
            raise
        except (ViewraError, OSError) as error:  # another host runs, or the disk is full or read-only
            print_line(f"viewra: only the library is searched, not the plugins' own sources: {error}", err=True)
            host = stack.enter_context(options.host(exclusive=False))
            return host.search(query, limit=limit, offset=offset, plugins=False), ()
        page = host.search(query, limit=limit, offset=offset)
        return page, page.errors


def _answer_of_host(
    options: Options, query: str, limit: int, offset: int
) -> tuple[SearchPage, Sequence[object]] | None:
    """What the running host finds, which may have plugins that this command does not know; None if none answers."""
    if options.reattach or options.plugins or read_note(options.directory) is None:
        return None
    from viewra.cli._control import HostError, ask  # light start: most searches are beside no host

    try:
        found = ask(options.directory, "search", q=query, limit=limit, offset=offset)
    except HostError:
        raise
    except ViewraError:  # it is another user's, or hangs: the library can be searched without it
        return None
    if found is None:
        return None
    hits = tuple(SearchHit(**hit) for hit in found["results"])
    more = {name: found[name] for name in ("has_more", "did_you_mean")}
    return SearchPage(found["total"], hits, **more), found["errors"]


def _searches(plugin: Plugin) -> bool:
    return plugin.state not in {PluginState.DISABLED, PluginState.INVALID} and plugin.search is not None
