"""The argument QUERY of commands that search: its words, with ``-word`` taken for what is not to be found."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import click

from viewra.cli import _completing
from viewra.cli._output import print_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_MINUS = "\0"
"""Stands for the minus of a word meanwhile: no argument of a process can hold it."""


class QueryCommand(click.Command):
    """A command that takes ``-word``, which is not to be found, for a word and not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide the minus of words from the parser of options."""
        known = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        options = {name for option in known for name in option.opts}
        with_value = {name for option in known if not option.is_flag for name in option.opts}
        pairs = zip(["", *args], args, strict=False)
        hidden = [
            _MINUS + one[1:] if _is_word(one, options) and before not in with_value else one for before, one in pairs
        ]
        return super().parse_args(ctx, hidden)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete an option, or a word that is not to be found."""
        (query,) = (one for one in self.get_params(ctx) if one.name == "query")
        return super().shell_complete(ctx, incomplete) or _completing.queries(ctx, query, incomplete)


def query_argument(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the argument ``query``, which the command gets as one text."""
    return click.argument("query", nargs=-1, required=required, callback=_joined, shell_complete=_completing.queries)


def print_nothing_found(did_you_mean: str | None) -> None:
    """Say that a query finds nothing, and what was probably meant."""
    print_line(f"nothing found; did you mean: {did_you_mean}" if did_you_mean else "nothing found")


def _joined(_ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]) -> str:
    return " ".join(words).replace(_MINUS, "-")


def _is_word(argument: str, options: Collection[str]) -> bool:
    return len(argument) > 1 and argument[0] == "-" and argument[1] != "-" and argument not in options
