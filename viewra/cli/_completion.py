"""Answers a shell that completes a line of ``viewra``: lines of type, word and help. Whatever fails, it is silent.

The line up to the cursor is in the environment; ``viewra completion`` prints the scripts that put it there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

import click

from viewra.cli._output import print_exact

VARIABLE = "_VIEWRA_COMPLETE"


def is_asked(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a shell asks for completions instead of running a command."""
    return VARIABLE in environment


def answer(group: click.Group) -> None:
    """Print what the line can go on with."""
    # Whatever is printed here would stand in the middle of what is typed.
    with contextlib.suppress(BaseException):
        print_exact(lines(group, os.environ[VARIABLE]))


def lines(group: click.Group, typed: str) -> list[str]:
    """Return the answer for a line up to the cursor: the type of each completion, the word and its help, by tabs."""
    from click.shell_completion import ShellComplete, split_arg_string

    words = split_arg_string(typed)[1:]
    word = words.pop() if words and not typed[-1:].isspace() else ""
    found = ShellComplete(group, {}, "viewra", VARIABLE).get_completions(words, word)
    return ["\t".join((one.type, str(one.value), " ".join((one.help or "").split()))) for one in found]
