"""Messages of ``viewra db`` if there is nothing to do, or nothing possible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from viewra.cli import _db_revision
from viewra.cli._main import group
from viewra.db import REVISION
from viewra.errors import MigrationError, PluginUnavailable, UsageError

Viewra = Callable[..., Result]


@pytest.fixture
def viewra(tmp_path: Path) -> Viewra:
    def run(*arguments: str) -> Result:
        options = ["--data-dir", str(tmp_path / "data"), "--plugins", str(tmp_path / "plugins")]
        return CliRunner().invoke(group, [*options, "db", *arguments], standalone_mode=False)

    return run


def test_nothing_to_take_back(viewra: Viewra) -> None:
    for arguments in (["downgrade"], ["downgrade", "--", "-2"], ["downgrade", "--sql"]):
        failed = viewra(*arguments)
        assert isinstance(failed.exception, UsageError)
        assert str(failed.exception) == "the host's database is at no revision: there is nothing to downgrade"


def test_the_other_way(viewra: Viewra) -> None:
    assert viewra("upgrade", "--sql", "base").output == "-- nothing to do: the host's database is at no revision\n"
    assert viewra("upgrade").exception is None
    for arguments in (["upgrade", "base"], ["upgrade", "--sql", "base"]):
        failed = viewra(*arguments)
        assert isinstance(failed.exception, UsageError)
        assert str(failed.exception) == f"revision base is below the host's database, which is at {REVISION}"
        assert failed.exception.hint == "viewra db downgrade base"


def test_a_manifest_that_is_not_valid_is_what_is_wrong(viewra: Viewra, tmp_path: Path) -> None:
    (tmp_path / "plugins" / "b").mkdir(parents=True)
    (tmp_path / "plugins" / "b" / "plugin.cue").write_text('id: "b"\nname: "x')
    for arguments in (["current"], ["upgrade"], ["revision", "-m", "x", "--autogenerate"]):
        failed = viewra(*arguments, "--plugin", "b")
        assert isinstance(failed.exception, PluginUnavailable), arguments
        assert "plugin.cue:2:7: this string is never closed" in str(failed.exception)
    failed = viewra("revision", "-m", "x", "--plugin", "b")
    assert "this string is never closed" in str(failed.exception)
    assert not (tmp_path / "plugins" / "b" / "migrations").exists()


@pytest.mark.parametrize("is_checkout", [True, False])
def test_a_migration_is_written_only_into_a_checkout(
    viewra: Viewra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_checkout: bool
) -> None:
    folder = tmp_path / "site-packages" / "viewra_migrations"
    folder.mkdir(parents=True)
    if is_checkout:
        (folder.parent / "pyproject.toml").touch()
    monkeypatch.setattr(_db_revision, "migrations_directory", lambda: folder)
    done = viewra("revision", "-m", "a change")
    if is_checkout:
        assert done.output == f"{folder / '0001_a_change.py'}\n"
    else:
        assert isinstance(done.exception, UsageError)
        assert not isinstance(done.exception, MigrationError)
        assert "not a checkout" in str(done.exception)
        assert list(folder.iterdir()) == []
