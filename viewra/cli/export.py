"""``viewra export QUERY``."""

from __future__ import annotations

import click

from viewra.cli._options import Options
from viewra.cli._output import LINES_A_WRITE, json_escaped, print_exact, print_line
from viewra.cli._query import QueryCommand, query_argument
from viewra.library.exporting import FORMS, Form, exported
from viewra.library.paths import display


@click.command("export", cls=QueryCommand)
@query_argument(required=False)
@click.option("--format", "form", type=click.Choice(FORMS), default="json", show_default=True)
@click.pass_obj
def command(options: Options, query: str, form: Form) -> None:
    """Write the files that QUERY asks for, without one all, to standard output.

    json has all metadata of each file; csv has a row for each file, with the columns of viewra ls --json, and an
    apostrophe before text that spreadsheets take for a formula; m3u8 is a playlist of their paths.
    """
    with options.library() as access:
        part: list[str] = []
        for line in exported(access, query, form, _left_out):
            part.append(json_escaped(line) if form == "json" else line)
            if len(part) == LINES_A_WRITE:
                print_exact(part)
                part = []
        print_exact(part)


def _left_out(path: str) -> None:
    print_line(f"viewra: left out, as no playlist can name it: {display(path)}", err=True)
