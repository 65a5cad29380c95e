"""Each plugin of a host that runs as root has its own user, which owns its directories and nothing else."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from viewra.db import open_database
from viewra.errors import ViewraError
from viewra.host.running import own_user
from viewra.host.running.own_user import COUNT, FIRST, PluginUsers, hand_to, likely

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def users(tmp_path: Path, sqlite_url: str) -> Iterator[PluginUsers]:
    engine = open_database(sqlite_url)
    yield PluginUsers(engine, tmp_path)
    engine.dispose()


def test_a_plugin_keeps_its_user(users: PluginUsers, tmp_path: Path) -> None:
    uid = users("lyrics")
    assert uid == likely("lyrics", tmp_path)
    assert FIRST <= uid < FIRST + COUNT
    assert users("lyrics") == uid
    assert PluginUsers(users._engine, tmp_path / "moved")("lyrics") == uid


def test_a_host_that_has_read_them_asks_no_more(users: PluginUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    uid, later = users("lyrics"), PluginUsers(users._engine, users._data_dir)
    later.read()
    monkeypatch.setattr(own_user, "user_of", lambda *_: pytest.fail("it asked the database"))
    assert later("lyrics") == uid


def test_two_plugins_never_have_the_same(users: PluginUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_user, "likely", lambda *_: FIRST + COUNT - 1)
    assert [users("a"), users("b"), users("c")] == [FIRST + COUNT - 1, FIRST, FIRST + 1]


def test_when_all_are_taken_it_says_so(users: PluginUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_user, "COUNT", 2)
    users("a")
    users("b")
    with pytest.raises(ViewraError, match="no user id left"):
        users("c")


def test_an_account_of_that_number_is_noticed_at_any_time(users: PluginUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    users("lyrics")
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="alice"))
    with pytest.raises(ViewraError, match="alice"):
        users("lyrics")


@root_only
def test_its_folder_is_handed_over_and_nothing_else(tmp_path: Path) -> None:
    folder, outside = tmp_path / "private", tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    outside.mkdir()
    for path in (folder / "file", folder / "sub" / "file", outside / "linked", outside / "target"):
        path.write_text("x")
    os.link(outside / "linked", folder / "another name")
    (folder / "link").symlink_to(outside / "target")
    hand_to(FIRST, folder)

    def owner(path: Path) -> int:
        return path.lstat().st_uid

    assert {owner(path) for path in (folder, folder / "file", folder / "sub", folder / "sub" / "file")} == {FIRST}
    assert owner(folder / "link") == FIRST
    assert {owner(outside / "linked"), owner(outside / "target"), owner(outside)} == {0}
    # The next time only what is new is looked for.
    (folder / "restored").write_text("x")
    hand_to(FIRST, folder)
    assert owner(folder / "restored") == FIRST
    hand_to(0, folder)
    assert {owner(path) for path in (folder, folder / "file", folder / "sub" / "file")} == {0}
