"""Whether a plugin searches is remembered until the plugins, or what the database knows of them, change."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from viewra.db import open_database, set_enabled, write_services
from viewra.host.installed.searchers import FILE_NAME, Searchers


@pytest.fixture
def engine(fresh_database: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{shutil.copy(fresh_database, tmp_path)}")
    yield engine
    engine.dispose()


def _plugin(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text("manifest")
    (directory / "main.py").write_text("code")
    return directory


def _edit(plugin: Path, _engine: sa.Engine) -> None:
    (plugin / "main.py").write_text("else")


def _rewrite_manifest(plugin: Path, _engine: sa.Engine) -> None:
    (plugin / "plugin.cue").write_text("another!")


def _add(plugin: Path, _engine: sa.Engine) -> None:
    _plugin(plugin.parent / "another")


def _remove(plugin: Path, _engine: sa.Engine) -> None:
    (plugin / "plugin.cue").unlink()


def _enable(plugin: Path, engine: sa.Engine) -> None:
    set_enabled(engine, "finder", str(plugin), enabled=True)


def _start(plugin: Path, engine: sa.Engine) -> None:
    write_services(engine, "finder", str(plugin), "hash", ["search_service"])


@pytest.mark.parametrize("change", [_edit, _rewrite_manifest, _add, _remove, _enable, _start])
def test_an_answer_holds_until_something_changes(
    change: Callable[[Path, sa.Engine], None], tmp_path: Path, engine: sa.Engine
) -> None:
    plugins = tmp_path / "plugins"
    plugin = _plugin(plugins / "finder")
    before = Searchers(engine, tmp_path, [plugins])
    assert before.answer is None
    for answer in (True, False):
        before.remember(answer)
        assert Searchers(engine, tmp_path, [plugins]).answer is answer
    change(plugin, engine)
    after = Searchers(engine, tmp_path, [plugins])
    assert after.answer is None
    after.remember(True)
    assert after.answer is True


@pytest.mark.parametrize("content", [b"", b"yes", b"\xff", b"a b c"])
def test_a_damaged_file_says_nothing(content: bytes, tmp_path: Path, engine: sa.Engine) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert Searchers(engine, tmp_path, []).answer is None


def test_a_data_directory_that_cannot_be_written_is_no_error(tmp_path: Path, engine: sa.Engine) -> None:
    searchers = Searchers(engine, tmp_path / "none", [])
    searchers.remember(True)
    assert searchers.answer is True
    assert Searchers(engine, tmp_path / "none", []).answer is None
