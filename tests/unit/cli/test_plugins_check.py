"""``viewra plugins check`` reads migrations and requirements, too, without running or installing them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from viewra.cli._main import group

REVISION = """revision = "{id}"
down_revision = {down!r}
def upgrade(): raise RuntimeError("it is not run")
"""


@pytest.mark.parametrize(
    ("downs", "problem"),
    [
        ((None, "a"), None),
        ((None, "a", "a"), "b.py and c.py both follow a"),
        ((None, None), "a.py and b.py both follow nothing"),
        (("x",), "follows revision x, which does not exist"),
    ],
)
def test_migrations_that_are_no_single_line(
    make_plugin: Callable[..., Path], downs: tuple[str | None, ...], problem: str | None
) -> None:
    directory = make_plugin("tables", "", capabilities=("database_service",))
    (directory / "migrations").mkdir()
    for name, down in zip("abc", downs, strict=False):
        (directory / "migrations" / f"{name}.py").write_text(REVISION.format(id=name, down=down))
    done = CliRunner().invoke(group, ["plugins", "check", str(directory)], standalone_mode=False)
    assert (done.return_value == 1) is (problem is not None)
    assert problem is None or problem in done.output


def test_requirements_that_cannot_be_met(make_plugin: Callable[..., Path]) -> None:
    directory = make_plugin("p", "")
    (directory / "requirements.txt").write_text("mutagen\n--index-url https://example.org\n")
    done = CliRunner().invoke(group, ["plugins", "check", str(directory)], standalone_mode=False)
    assert done.return_value == 1
    assert done.output.startswith(f"{directory}/requirements.txt:2:1: options are not used here: --index-url")
    assert "id:" not in done.output, "no line of the manifest is shown for it"
