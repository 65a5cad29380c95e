"""Each plugin of a host that runs as root has its own user, which owns its directories and nothing else."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import nullcontext
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


def test_other_versions_of_viewra_would_give_it_the_same() -> None:
    assert (likely("lyrics", Path("/data")), likely("tags", Path("/data"))) == (60954, 61103)


def test_a_host_that_has_read_them_asks_no_more(users: PluginUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    uid, later = users("lyrics"), PluginUsers(users._engine, users._data_dir)
    later.read()
    monkeypatch.setattr(own_user, "user_of", lambda *_: pytest.fail("it asked the database"))
    assert later("lyrics") == uid
    assert users("lyrics") == uid


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

    assert {owner(path) for path in (folder, folder / "file", folder / "sub", folder / "sub" / "file")} == {FIRST}
    assert owner(folder / "link") == FIRST
    assert {owner(outside / "linked"), owner(outside / "target"), owner(outside)} == {0}
    # The next time only what is new is looked for.
    (folder / "restored").write_text("x")
    hand_to(FIRST, folder)
    assert owner(folder / "restored") == FIRST
    hand_to(0, folder)
    assert {owner(path) for path in (folder, folder / "file", folder / "sub" / "file")} == {0}


def owner(path: Path) -> int:
    return path.lstat().st_uid


@root_only
def test_each_of_its_folders_is_handed_over_with_links_that_lead_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    hand_to(FIRST, folders[0])
    for folder in folders:
        (folder / "link").symlink_to("nowhere")
    hand_to(FIRST, *folders)
    assert {owner(path) for folder in folders for path in (folder, folder / "link")} == {FIRST}
    monkeypatch.setattr(os, "fwalk", lambda *_: pytest.fail("it looked at all files again"))
    before = os.listdir("/proc/self/fd")
    for folder in folders:
        (folder / "restored").write_text("x")
    hand_to(FIRST, *folders)
    assert {owner(folder / "restored") for folder in folders} == {FIRST}
    assert os.listdir("/proc/self/fd") == before


@root_only
@pytest.mark.parametrize("its_own", [False, True])
def test_a_link_in_place_of_its_folder_gives_nothing_away(tmp_path: Path, its_own: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.mkdir()
    if its_own:
        hand_to(FIRST, target)
    (target / "file").write_text("x")
    link.symlink_to(target)
    with pytest.raises(OSError, match=r"symbolic link|Not a directory") if its_own else nullcontext():
        hand_to(FIRST, link)
    assert (owner(target), owner(target / "file")) == (FIRST if its_own else 0, 0)
