"""``viewra library missing|purge|move|ignored|set``: missing files, and rules that leave files out."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import attrs
import click

from viewra import library
from viewra.cli import _completing
from viewra.cli._confirm import confirm, yes_option
from viewra.cli._control import ask_or_hold, whole
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_json_rows, print_line, print_table
from viewra.durations import duration_text, parse_duration
from viewra.errors import UsageError
from viewra.library import display
from viewra.library.exporting import every, time_text
from viewra.types import Library, LibrarySettings

SHOWN = 200
"""The most missing files shown; ``--json`` lists all."""


@click.command("missing")
@click.argument("path", required=False, shell_complete=_completing.libraries)
@json_option
@click.pass_obj
def missing(options: Options, path: str | None, as_json: bool) -> None:
    """List the files that scans no longer find, in all libraries or below PATH.

    Searches do not find them; their ids and metadata are kept, and they return when a scan finds them again.
    """
    with options.library() as access:
        found = every(lambda after, wanted: access.missing(path, after=after, limit=wanted), None)
        if as_json:
            print_json_rows(
                {"path": display(one.path), "media_file_id": one.media_file_id, "since": time_text(one.since)}
                for one in found
            )
            return
        rows = [(one.media_file_id, time_text(one.since), one.path) for one in islice(found, SHOWN + 1)]
    if rows:
        print_table(rows[:SHOWN], ("ID", "MISSING SINCE", "PATH"))
        if len(rows) > SHOWN:
            print_line("… and more: --json lists all")
    else:
        print_line("no file is missing")


@click.command("purge")
@click.argument("path", required=False, shell_complete=_completing.libraries)
@click.option(
    "--missing-for", metavar="TIME", help="Only files that have been missing for longer than this, for example 30d."
)
@click.option(
    "--gone", is_flag=True, help="All files below PATH that are not on the disk now, for example of a lost disk."
)
@yes_option
@json_option
@click.pass_obj
def purge(options: Options, path: str | None, missing_for: str | None, gone: bool, yes: bool, as_json: bool) -> None:
    """Forget missing files, of all libraries or below PATH, with their metadata.

    Scans also forget files that have been missing for longer than the library's missing_keep.
    """
    if gone and (path is None or missing_for is not None):
        raise UsageError("--gone needs a PATH and no --missing-for", hint="viewra library purge --gone PATH")
    seconds = parse_duration(missing_for) if missing_for is not None else 0
    with options.host(exclusive=False) as host:
        if gone and path is not None:
            count = len(library.list_gone(host.engine, path))
        else:
            count = library.count_missing(host.engine, path, missing_for_s=seconds)
    confirm(count, "forget", yes=yes)
    below = whole(path) if path is not None else None
    count = ask_or_hold(options, "library_purge", path=below, missing_for=missing_for, gone=gone)["purged"]
    if as_json:
        print_json({"purged": count})
    else:
        print_line(f"{count:,} files forgotten")


@click.command("move")
@click.argument("old", shell_complete=_completing.libraries)
@click.argument("new", shell_complete=_completing.folders)
@json_option
@click.pass_obj
def move(options: Options, old: str, new: str, as_json: bool) -> None:
    """Tell viewra that the library at OLD is at NEW now: its files keep their ids and metadata.

    This does not change the disk: first move the folder, or mount its disk elsewhere, then run this command.
    """
    with options.host(exclusive=False) as host:
        known = library.get_library(host.engine, old)
    moved = Library(**ask_or_hold(options, "library_move", library_id=known.id, path=whole(new)))
    if as_json:
        print_json({**attrs.asdict(moved), "path": display(moved.path)})
    else:
        print_line(f"library {moved.id} is at {moved.path} ({moved.files:,} files); scan it to check them")


@click.command("ignored")
@click.argument("path", shell_complete=_completing.libraries)
@json_option
@click.pass_obj
def ignored(options: Options, path: str, as_json: bool) -> None:
    """Show whether a library leaves PATH out, and by which rule, or by which line of which file."""
    with options.host(exclusive=False) as host:
        why = library.why_ignored(host.engine, path, host.media_types())
    if as_json:
        shown = {name: display(value) if isinstance(value, str) else value for name, value in attrs.asdict(why).items()}
        print_json({"path": shown.pop("path"), "ignored": why.rule is not None, **shown})
    elif why.rule is None:
        print_line(f"{path} is not left out")
    else:
        what = "" if why.what in {None, path, str(Path(path).absolute())} else f" as {why.what} is"
        print_line(f"{path} is left out{what}: {why.rule}")


@click.command("set")
@click.argument("path", shell_complete=_completing.libraries)
@click.argument("values", metavar="[KEY=VALUE]...", nargs=-1)
@click.option(
    "--exclude", metavar="PATTERN", multiple=True, help="Leave out files that match, as in .gitignore. Repeatable."
)
@click.option("--include", metavar="PATTERN", multiple=True, help="Remove an exclude pattern. Repeatable.")
@json_option
@click.pass_obj
def set_(
    options: Options,
    path: str,
    values: tuple[str, ...],
    exclude: tuple[str, ...],
    include: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show or change the settings of the library at PATH; they apply from the next scan on.

    missing_keep=30d: after how long a missing file is forgotten. follow_links=inside|all|none: which symbolic links are
    followed. hidden=yes|no: whether hidden files and folders are scanned. watch=yes|no: whether viewra serve and viewra
    scan --watch keep it current. schedule="every 6h", schedule="30 3 * * mon" (as in cron) or schedule=none: when these
    scan it.
    """
    pairs = [value.partition("=") for value in values]
    for key, separator, _ in pairs:
        if not separator:
            raise UsageError(f"{key!r} is not KEY=VALUE", hint="for example: missing_keep=60d")
    with options.host(exclusive=False) as host:
        if pairs or exclude or include:
            chosen = {key: value for key, _, value in pairs}
            settings = library.change_settings(host.engine, path, chosen, exclude=exclude, include=include)
        else:
            settings = library.get_settings(host.engine, path)
    data = settings_data(settings)
    if as_json:
        print_json(data)
    else:
        rows = [(key, value) for key, value in data.items() if key != "exclude"]
        print_table([*rows, *(("exclude", pattern) for pattern in settings.exclude)], ("SETTING", "VALUE"))


def settings_data(settings: LibrarySettings) -> dict[str, Any]:
    """The settings in the form in which people write them."""
    return {
        "missing_keep": duration_text(settings.missing_keep_s),
        "follow_links": str(settings.follow_links),
        "hidden": "yes" if settings.hidden else "no",
        "watch": "yes" if settings.watch else "no",
        "schedule": settings.schedule or "none",
        "exclude": list(settings.exclude),
    }
