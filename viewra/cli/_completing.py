"""What shells complete words of ``viewra`` with: ids of plugins, libraries, fields of queries, and paths.

Commands name these functions as ``shell_complete`` of their arguments. They run in a process that the shell waits for:
they import what they need when they are called, lock nothing, and give nothing where something fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OPEN = "open"
"""The type of what is only the beginning of a word: no space comes behind it."""

_VALUES = {"kind": ("audio", "video", "image", "playlist", "other"), "missing": ("yes", "no")}
"""The values of fields that have few."""


def plugins(ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the id of a plugin."""
    from viewra.cli import _names

    return _items(_known(ctx, _names.PLUGINS), typed)


def libraries(ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the path of a library, or of what is in one."""
    from viewra.cli import _names

    return _items(_known(ctx, _names.LIBRARIES), typed, kind="path") or [_item(typed, "file")]


def files(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the path of a file."""
    return [_item(typed, "file")]


def folders(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the path of a folder."""
    return [_item(typed, "dir")]


def fields(ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the name of a field; without any letter of it, of the library's own."""
    from viewra.cli import _names
    from viewra.library.query.fields import INDEXED, OWN

    return _items(sorted({*INDEXED, *OWN, *(_known(ctx, _names.FIELDS) if typed else ())}), typed)


def sorts(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete what files can be sorted by."""
    from viewra.library.query.fields import SORTS

    return _items([*SORTS, *(f"-{name}" for name in SORTS)], typed)


def queries(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete a word of a query: the name of a field, or a value of a field that has few."""
    bare = typed.lstrip("-(")
    before = typed.removesuffix(bare)
    field, colon, value = bare.partition(":")
    if not colon:
        names = [one.value for one in (*fields(ctx, param, field), *_items(["sort"], field))]
        return [_item(f"{before}{name}:", OPEN) for name in names]
    values = [one.value for one in sorts(ctx, param, value)] if field == "sort" else _VALUES.get(field, ())
    return _items([f"{before}{field}:{one}" for one in values], typed)


def _items(known: Iterable[str], typed: str, *, kind: str = "plain") -> list[CompletionItem]:
    return [_item(name, kind) for name in known if name.startswith(typed) and name.isprintable()]


def _item(value: str, kind: str) -> CompletionItem:
    from click.shell_completion import CompletionItem

    return CompletionItem(value, type=kind)


def _known(ctx: click.Context, statement: str) -> list[str]:
    from viewra.cli import _names

    stated = ctx.find_root().params
    return _names.read(stated.get("database") or f"sqlite:///{_data_dir(stated.get('data_dir'))}/viewra.db", statement)


def _data_dir(stated: str | None) -> str:
    if stated is not None:
        return str(Path(stated).absolute())
    from viewra.host.installed.data_dir import default_data_dir

    return os.fspath(default_data_dir())
