"""``viewra plugins search [WORD…]``: plugins in catalogs."""

from __future__ import annotations

import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table


@click.command("search")
@click.argument("words", nargs=-1, metavar="[WORD…]")
@json_option
@click.pass_obj
def search_command(options: Options, words: tuple[str, ...], as_json: bool) -> None:
    """List the plugins of the catalogs (--catalog) in whose description all words occur."""
    from viewra.host.admin.present import as_json as as_data
    from viewra.host.packages.offers import offers

    found = offers(options.catalogs, words, options.directory)
    if as_json:
        print_json(as_data(found))
    elif found:
        table = [
            (one.id, one.version or "none fits", one.installed or "", one.description or one.name) for one in found
        ]
        print_table(table, ("ID", "VERSION", "INSTALLED", "DESCRIPTION"))
    else:
        print_line("no plugin found")
