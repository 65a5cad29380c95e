"""``viewra export QUERY``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_escaped, print_exact, print_line
from viewra.cli._query import QueryCommand, query_argument
from viewra.cli._rows import data, every
from viewra.library import LibraryAccess, display
from viewra.types import FileEntry

LINES_A_WRITE = 500


@click.command("export", cls=QueryCommand)
@query_argument(required=False)
@click.option("--format", "form", type=click.Choice(["json", "csv", "m3u8"]), default="json", show_default=True)
@click.pass_obj
def command(options: Options, query: str, form: str) -> None:
    """Write the files that QUERY asks for, without one all, to standard output.

    json has all metadata of each file; csv has a row for each file, with the columns of viewra ls --json; m3u8 is a
    playlist of their paths.
    """
    with options.host(exclusive=False) as host:
        access = host.library
        entries = every(lambda after, wanted: access.files(query, after=after, limit=wanted), None)
        lines = {"json": _json, "csv": _csv, "m3u8": _m3u8}[form](entries, access)
        part: list[str] = []
        for line in lines:
            part.append(line)
            if len(part) == LINES_A_WRITE:
                print_exact(part)
                part = []
        print_exact(part)


def _json(entries: Iterable[FileEntry], access: LibraryAccess) -> Iterator[str]:
    yield "["
    before = ""
    for entry in entries:
        metadata = access.file(entry.id).metadata
        row = {**data(entry), "metadata": {field: _plain(said.value) for field, said in sorted(metadata.items())}}
        if before:
            yield before + ","
        before = json_escaped(json.dumps(row, ensure_ascii=False))
    if before:
        yield before
    yield "]"


def _plain(value: object) -> object:
    return value if isinstance(value, str) else [*value] if isinstance(value, Iterable) else value


def _csv(entries: Iterable[FileEntry], _access: LibraryAccess) -> Iterator[str]:
    names = [*attrs.fields_dict(FileEntry)]
    yield _record(names)
    for entry in entries:
        row = data(entry)
        yield _record(["" if row[name] is None else row[name] for name in names])


def _record(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _m3u8(entries: Iterable[FileEntry], _access: LibraryAccess) -> Iterator[str]:
    yield "#EXTM3U"
    for entry in entries:
        if "\n" in entry.path or "\r" in entry.path or display(entry.path) != entry.path:
            print_line(f"viewra: left out, as no playlist can name it: {display(entry.path)}", err=True)
            continue
        name = " - ".join(filter(None, (entry.artist, entry.title))).replace("\n", " ").replace("\r", " ")
        yield f"#EXTINF:{round(entry.duration_s) if entry.duration_s else -1},{name}"
        yield entry.path
