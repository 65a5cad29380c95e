"""``viewra token create|list|revoke``: tokens for programs that use the HTTP API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.library.exporting import time_text

if TYPE_CHECKING:  # --help needs no database
    from viewra.web.accounts.tokens import Token, Tokens

_SCOPES = ("read", "operate", "admin")


@click.group("token")
def command() -> None:
    """Make, list and revoke tokens for programs that use the HTTP API of viewra serve."""


@command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(_SCOPES),
    required=True,
    help="read: see everything; operate: also scan, start, stop and configure plugins; admin: everything.",
)
@json_option
@click.pass_obj
def create(options: Options, name: str, scope: str, as_json: bool) -> None:
    """Make a token and print it: it is shown only now."""
    from viewra.web.accounts.identity import Scope

    with _tokens(options) as tokens:
        made = tokens.create(name, Scope(scope))
    if as_json:
        print_json({"token": made.token, **_data(made)})
    else:
        print_line(made.token)


@command.command("list")
@json_option
@click.pass_obj
def list_(options: Options, as_json: bool) -> None:
    """List the tokens: their names and scopes, and when they were last used."""
    with _tokens(options) as tokens:
        found = tokens.all()
    if as_json:
        print_json([_data(one) for one in found])
    elif found:
        rows = [(one.name, one.scope, time_text(one.created_at), _used(one) or "never") for one in found]
        print_table(rows, ("NAME", "SCOPE", "MADE", "LAST USED"))
    else:
        print_line("no tokens: viewra token create NAME --scope read")


@command.command("revoke")
@click.argument("name")
@json_option
@click.pass_obj
def revoke(options: Options, name: str, as_json: bool) -> None:
    """Revoke a token: a running viewra serve refuses it from now on."""
    with _tokens(options) as tokens:
        tokens.revoke(name)
    if as_json:
        print_json({"revoked": name})
    else:
        print_line(f"{name} is revoked")


@contextmanager
def _tokens(options: Options) -> Iterator[Tokens]:
    from viewra.web.accounts.tokens import Tokens

    with options.host(exclusive=False) as host:
        yield Tokens(host.engine)


def _used(one: Token) -> str | None:
    return time_text(one.used_at) if one.used_at is not None else None


def _data(one: Token) -> dict[str, object]:
    return {"name": one.name, "scope": str(one.scope), "created_at": time_text(one.created_at), "used_at": _used(one)}
