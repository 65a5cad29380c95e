"""``viewra library add|list|remove|scan|set-priority``, and the commands in ``_library_files``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import click

from viewra import library
from viewra.cli import _completing, _library_files, scan
from viewra.cli._confirm import confirm, yes_option
from viewra.cli._control import ask_or_hold
from viewra.cli._failures import failures_command
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import UsageError
from viewra.library import display
from viewra.types import Library

if TYPE_CHECKING:
    import sqlalchemy as sa

    from viewra.host.workers.choice import EngineChoice


@click.group("library")
def command() -> None:
    """Add, list, remove and scan libraries: the folders whose media files viewra stores."""


for _one in (
    failures_command,
    _library_files.missing,
    _library_files.purge,
    _library_files.move,
    _library_files.ignored,
    _library_files.set_,
):
    command.add_command(_one)


@command.command("add")
@click.argument("path", shell_complete=_completing.folders)
@json_option
@click.pass_obj
def add(options: Options, path: str, as_json: bool) -> None:
    """Add a folder; the next ``viewra library scan`` scans it."""
    with options.host(exclusive=False) as host:
        added = library.add_library(host.engine, path)
    if as_json:
        print_json(_data(added))
    else:
        print_line(f"library {added.id}: {display(added.path)}")


@command.command("list")
@json_option
@click.pass_obj
def list_(options: Options, as_json: bool) -> None:
    """List the libraries."""
    with options.engine() as engine:
        found = library.list_libraries(engine)
    if as_json:
        print_json([_data(one) for one in found])
    elif found:
        print_table([(one.id, one.files, one.missing, one.path) for one in found], ("ID", "FILES", "MISSING", "PATH"))
    else:
        print_line("no libraries yet: viewra scan PATH creates one")


@command.command("remove")
@click.argument("library_", metavar="ID|PATH", shell_complete=_completing.libraries)
@yes_option
@json_option
@click.pass_obj
def remove(options: Options, library_: str, yes: bool, as_json: bool) -> None:
    """Forget a library and its files' metadata; the files stay."""
    with options.engine() as engine:
        known = library.get_library(engine, _path(engine, library_))
    confirm(known.files + known.missing, "forget", yes=yes)
    removed = Library(**ask_or_hold(options, "library_remove", library_id=known.id))
    if as_json:
        print_json(_data(removed))
    else:
        print_line(f"removed library {removed.id}: {display(removed.path)} ({removed.files} files)")


@command.command("scan")
@click.argument("libraries", metavar="[ID|PATH]...", nargs=-1, shell_complete=_completing.libraries)
@scan.scan_options
@click.pass_obj
def scan_(
    options: Options,
    libraries: tuple[str, ...],
    full: bool,
    quick: bool,
    retry_failed: bool,
    nice: bool,
    watch: bool,
    wait: bool,
    profile: bool,
    as_json: bool,
    readers: EngineChoice | None,
) -> None:
    """Scan these libraries, or all of them."""
    with options.engine() as engine:
        chosen = [_path(engine, one) for one in libraries] or [*library.library_paths(engine).values()]
    if not chosen:
        raise UsageError("there are no libraries yet", hint="viewra scan PATH creates one")
    how = {"full": full, "quick": quick, "retry_failed": retry_failed, "nice": nice, "watch": watch}
    scan.run(options, chosen, exclude=(), wait=wait, profile=profile, as_json=as_json, readers=readers, **how)


@command.command("set-priority")
@click.argument("field", required=False, shell_complete=_completing.fields)
@click.argument("plugins", metavar="[PLUGIN]...", nargs=-1, shell_complete=_completing.plugins)
@click.option("--unset", is_flag=True, help="Remove the order for FIELD.")
@json_option
@click.pass_obj
def set_priority(options: Options, field: str | None, plugins: tuple[str, ...], unset: bool, as_json: bool) -> None:
    """Set which plugin's value counts where plugins differ: the first PLUGIN's for FIELD, or '*' for all fields.

    An order for one field overrides the order for all; after both, the newest reading counts. Without arguments it
    lists the orders. They apply to all libraries.
    """
    if field is None and unset:
        raise UsageError("--unset needs a field", hint="see the orders with: viewra library set-priority")
    if field is not None and unset == bool(plugins):
        raise UsageError(
            "name plugins in their order, or pass --unset", hint="viewra library set-priority title PLUGIN..."
        )
    with options.host(exclusive=False) as host:
        for plugin_id in plugins:
            if plugin_id not in host.plugins and not library.has_read(host.engine, plugin_id):
                raise UsageError(f"no plugin {plugin_id!r}", hint="see them with: viewra plugins list")
        if field is not None:
            count = library.set_priority(host.engine, field, plugins)
            if not as_json:
                print_line(f"{count} files indexed by the new order" if count else "done")
            else:
                print_line(f"{count} files indexed anew", err=True)
        orders = library.list_priorities(host.engine)
    if as_json:
        print_json([{"field": name, "plugins": order} for name, order in orders.items()])
    elif field is None and orders:
        print_table(
            [(name, ", ".join(order)) for name, order in orders.items()], ("FIELD", "PLUGINS, THE FIRST COUNTS")
        )
    elif field is None:
        print_line("no orders: where plugins differ, the newest reading counts")


def _path(engine: sa.Engine, name: str) -> str:
    """The path of a library that was named by its id; any other name is returned unchanged."""
    by_id = {str(number): path for number, path in library.library_paths(engine).items()}
    return by_id.get(name, name)


def _data(one: Library) -> dict[str, object]:
    return {**attrs.asdict(one), "path": display(one.path)}
