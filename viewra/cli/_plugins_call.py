"""``viewra plugins call ID HOOK KEY=VALUE…``: calls one hook of a plugin by hand, and shows its answer."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from viewra.cli._assignments import pairs
from viewra.cli._control import alone, ask
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table

_PATHS = frozenset({"file_path", "library_path"})
"""Arguments that are completed to absolute paths here: a running host has another working directory."""


@click.command("call")
@click.argument("plugin_id", metavar="ID")
@click.argument("hook", metavar="HOOK")
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@json_option
@click.pass_obj
def call_command(options: Options, plugin_id: str, hook: str, assignments: tuple[str, ...], as_json: bool) -> None:
    """Call a hook of one plugin and show its answer, in the running host or in one of the command's own.

    The hooks and their arguments are in docs/hooks.md. A map is JSON, query='{"title": "x"}', or its entries,
    query.title=x.
    """
    given = {key: _absolute(text) if key in _PATHS else text for key, text in pairs(assignments).items()}
    wanted: dict[str, Any] = {"plugin_id": plugin_id, "hook": hook, "arguments": given}
    called = ask(options.directory, "call", **wanted) if not options.reattach else None
    if called is None:
        if options.log_level == "warning":  # the error contains what the log would show
            options = options._replace(log_level="critical")
        called = alone(options, "call", **wanted)
    if as_json:
        print_json(called)
    else:
        _show(called)


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - a path that is not UTF-8, or empty


def _show(called: dict[str, Any]) -> None:
    value = called["value"]
    match value:
        case dict():
            _show_map(value)
        case [{}, *_]:
            header = list(value[0])
            print_table([[_text(row[name]) for name in header] for row in value], [name.upper() for name in header])
        case list():
            for one in value:
                print_line(_text(one))
            if not value:
                print_line("nothing")
        case None:
            print_line("done")
        case _:
            print_line(_text(value))
    print_line(f"{called['plugin']}, {called['hook']}: {called['seconds']:.3f} s", err=True)


def _show_map(value: dict[str, Any]) -> None:
    """The fields of a value; a list of values inside it, such as a search's hits, follows as a table."""
    tables = {
        name: rows for name, rows in value.items() if isinstance(rows, list) and rows and isinstance(rows[0], dict)
    }
    if rest := [(name, _text(one)) for name, one in value.items() if name not in tables]:
        print_table(rest, ("FIELD", "VALUE"))
    elif not tables:
        print_line("nothing")
    for name, rows in tables.items():
        print_line()
        print_line(f"{name}:")
        header = list(rows[0])
        print_table([[_text(row[key]) for key in header] for row in rows], [key.upper() for key in header])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
