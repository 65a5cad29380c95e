"""``viewra password``: sets the password of the admin pages, also where no browser is, such as in a container."""

from __future__ import annotations

import sys

import click

from viewra.cli._options import Options
from viewra.cli._output import ask_unseen, json_option, print_json, print_line
from viewra.errors import UsageError


@click.command("password")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from the first line of standard input.")
@json_option
@click.pass_obj
def command(options: Options, from_stdin: bool, as_json: bool) -> None:
    """Set the password of the admin pages, in place of the one before; who is signed in has to sign in again."""
    from viewra.web.accounts.accounts import Accounts, check_password

    password = _typed() if not from_stdin else sys.stdin.readline().removesuffix("\n")
    check_password(password)
    with options.host(exclusive=False) as host:
        Accounts(host.engine).set_password(password)
    if as_json:
        print_json({"changed": True})
    else:
        print_line("the password is set")


def _typed() -> str:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to type a password on", hint="viewra password --stdin < FILE")
    password = ask_unseen("password")
    if password != ask_unseen("once more"):
        raise UsageError("the two passwords differ")
    return password
