"""``viewra search QUERY``."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import UsageError, ViewraError
from viewra.host import Plugin
from viewra.library import display
from viewra.types import PluginState, SearchPage


class _Search(click.Command):
    """A command that reads ``-word``, a word not to be found, as a word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide the minus of words from the option parser."""
        options = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        return super().parse_args(ctx, [_MINUS + one[1:] if _is_word(one, options) else one for one in args])


_MINUS = "\0"
"""Stands for the minus meanwhile: no argument of a process can contain it."""


def _is_word(argument: str, options: Collection[str]) -> bool:
    return len(argument) > 1 and argument[0] == "-" and argument[1] != "-" and argument not in options


@click.command("search", cls=_Search)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Show this many hits.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Skip this many hits.")
@json_option
@click.pass_obj
def command(options: Options, query: tuple[str, ...], limit: int, offset: int, as_json: bool) -> None:
    """Search the library.

    QUERY is words, all of which must be found; "a phrase"; begin* of words; -without; field:word with title, artist,
    album, albumartist, composer, genre, date or path; a OR b.
    """
    page = _search(options, " ".join(query).replace(_MINUS, "-"), limit, offset)
    for error in page.errors:
        print_line(f"viewra: {error}", err=True)
    if as_json:
        results = [{**attrs.asdict(hit), "path": display(hit.path)} for hit in page.results]
        print_json({"total": page.total, "results": results})
    elif page.results:
        rows = [(f"{hit.score:.2f}", hit.title, hit.artist, hit.album, hit.path or hit.source) for hit in page.results]
        print_table(rows, ("SCORE", "TITLE", "ARTIST", "ALBUM", "PATH"))
        if page.total > len(page.results):
            print_line(f"{len(page.results)} of {page.total} hits; see more with --limit and --offset")
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
