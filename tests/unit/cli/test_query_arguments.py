"""Words with a minus are words; the value of an option is not one, whatever it begins with."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from viewra.cli._query import QueryCommand, query_argument


@click.command(cls=QueryCommand)
@query_argument(required=False)
@click.option("--sort")
@click.option("--albums", is_flag=True)
def shown(query: str, sort: str | None, albums: bool) -> None:
    click.echo(f"{query}|{sort}|{albums}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-live", "bach"], "-live bach|None|False"),
        (["--sort", "-added", "-live"], "-live|-added|False"),
        (["--sort=-added"], "|-added|False"),
        (["--albums", "-live"], "-live|None|True"),
        (["bach", "--", "-live"], "bach -live|None|False"),
    ],
)
def test_what_is_a_word(arguments: list[str], expected: str) -> None:
    assert CliRunner().invoke(shown, arguments).output.strip() == expected
