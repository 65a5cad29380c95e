"""Copies of databases, and when the host makes one of its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import stat
import struct
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from alembic import command

from viewra.db import REVISION, backup, migrate, open_database
from viewra.db.backup import back_up, backups, put_back
from viewra.db.migrate import alone, configuration
from viewra.errors import LockedError, MigrationError
from viewra.revisions import pending


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a #1?.db"
    execute(path, "PRAGMA journal_mode = WAL")
    execute(path, "CREATE TABLE songs (title)")
    execute(path, "INSERT INTO songs VALUES ('Gymnopédie')")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "host"


def execute(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_the_copy_is_whole_and_private(path: Path, folder: Path) -> None:
    copy = back_up(path, folder, "0001")
    assert execute(copy, "SELECT * FROM songs") == [("Gymnopédie",)]
    assert copy.name.startswith("a #1?-2")
    assert copy.name.endswith("-0001.db")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_another_one_is_writing_is_not_in_it(path: Path, folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO songs VALUES ('half')")
        assert execute(back_up(path, folder, "x"), "SELECT * FROM songs") == [("Gymnopédie",)]


def test_what_a_killed_process_left_is_rolled_back_and_deletes_no_other_file(tmp_path: Path, folder: Path) -> None:
    """A journal may name another one, which SQLite deletes afterwards: a plugin can write any path there."""
    path, left, victim = (tmp_path / name for name in ("running.db", "left.db", "victim"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        for statement in ("CREATE TABLE songs (title)", "INSERT INTO songs VALUES ('kept')", "PRAGMA cache_size = 1"):
            writer.execute(statement)
        writer.execute("BEGIN")
        writer.execute("UPDATE songs SET title = 'lost'")
        writer.executemany("INSERT INTO songs VALUES (?)", [("x" * 1000,)] * 500)
        for suffix in ("", "-journal"):
            shutil.copy(f"{path}{suffix}", f"{left}{suffix}")
    victim.write_text("precious")
    with open(f"{left}-journal", "ab") as journal:
        journal.write(bytes(-journal.tell() % 512))
        name = bytes(victim)
        page_of_the_lock = 0x40000000 // 4096 + 1
        journal.write(struct.pack(">I", page_of_the_lock) + name + struct.pack(">II", len(name), sum(name)))
        journal.write(bytes.fromhex("d9d505f920a163d7"))
    assert execute(back_up(left, folder, "x"), "SELECT * FROM songs") == [("kept",)]
    assert victim.exists()
    assert [file.suffix for file in folder.iterdir()] == [".db"]
    assert execute(left, "SELECT * FROM songs") == [("kept",)], "the attack is real where SQLite opens it itself"
    assert not victim.exists()


def test_a_database_that_becomes_a_link_meanwhile_is_not_copied(
    tmp_path: Path, path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.db"
    execute(secret, "CREATE TABLE keys (secret)")
    opened = backup._opened

    def exchanged(file: Path) -> BinaryIO:
        kept = opened(file)
        file.rename(tmp_path / "kept.db")
        file.symlink_to(secret)
        return kept

    monkeypatch.setattr(backup, "_opened", exchanged)
    with pytest.raises(MigrationError, match="was exchanged for a link"):
        back_up(path, folder, "x")
    assert list(folder.iterdir()) == []


def test_the_last_few_are_kept_and_drafts_are_swept(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "killed.db.part").touch()
    other = folder / "other-20200101T000000000000Z-x.db"
    other.touch()
    made = []
    for number in range(5):
        execute(path, f"INSERT INTO songs VALUES ({number})")
        made.append(back_up(path, folder, str(number), keep=3))
    assert backups(folder, path.stem) == made[:1:-1]
    assert {entry.name for entry in folder.iterdir()} == {other.name, *(copy.name for copy in made[2:])}


def test_what_has_not_changed_is_not_copied_again(path: Path, folder: Path) -> None:
    first = back_up(path, folder, "1", keep=2)
    assert back_up(path, folder, "1", keep=2) == first
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN")
        writer.execute("DROP TABLE songs")
        writer.execute("ROLLBACK")
    assert back_up(path, folder, "1", keep=2) == first
    assert list(folder.iterdir()) == [first]
    execute(path, "DELETE FROM songs")
    assert back_up(path, folder, "1", keep=2) != first


@pytest.mark.parametrize("wrong", ["missing", "text", "link", "folder"])
def test_what_cannot_be_copied_leaves_nothing(tmp_path: Path, path: Path, folder: Path, wrong: str) -> None:
    source = tmp_path / "wrong.db"
    if wrong == "text":
        source.write_bytes(b"hello" * 1000)
    elif wrong == "link":
        source.symlink_to(path)
    elif wrong == "folder":
        folder.parent.mkdir()
        folder.touch()
    with pytest.raises(MigrationError, match="cannot be backed up") as caught:
        back_up(source if wrong != "folder" else path, folder, "x")
    assert "nothing was changed" in str(caught.value.hint)
    assert wrong == "folder" or list(folder.glob("*")) == []
    assert wrong != "missing" or not source.exists()


def test_what_is_put_back_follows_no_link(path: Path, folder: Path, tmp_path: Path) -> None:
    """The folder may be a plugin's, which lays links for a host with more rights."""
    copy = back_up(path, folder, "one")
    others = tmp_path / "others"
    others.write_text("x")
    path.with_name(path.name + ".part").symlink_to(others)
    put_back(copy, path)
    assert others.read_text() == "x"
    assert path.read_bytes() == copy.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_host_is_backed_up_before_it_is_changed_but_not_before_additions(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "viewra.db"
    url = f"sqlite:///{path}"
    open_database(url, backups=folder).dispose()
    assert not folder.exists(), "there was nothing to lose"

    def back_to(revision: str) -> None:
        engine = open_database(url)
        config = configuration()
        with alone(engine) as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, revision)
        engine.dispose()

    back_to("0001")
    monkeypatch.setattr(migrate, "pending", lambda revisions, found: pending(revisions, found)[:1])
    open_database(url, backups=folder).dispose()
    assert not folder.exists(), "0002 only adds"

    back_to("0001")
    monkeypatch.setattr(migrate, "pending", lambda revisions, found: revisions[:1])  # 0001 runs SQL of its own
    open_database(url, backups=folder).dispose()
    (copy,) = backups(folder, "viewra")
    assert execute(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert execute(path, "SELECT version_num FROM alembic_version") == [(REVISION,)]


def test_foreign_keys_do_not_hold_in_a_migration_but_after_it(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'viewra.db'}")
    with alone(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_one_copy_is_made_in_a_folder_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft of another one must not be taken for that of a killed process."""
    database = tmp_path / "viewra.db"
    execute(database, "CREATE TABLE songs (title)")
    copied = backup._copy
    refused: list[str] = []

    def copy(source: Path, target: Path) -> None:
        with pytest.raises(LockedError) as raised:
            backup.back_up(source, target.parent, "b")
        refused.append(str(raised.value))
        copied(source, target)

    monkeypatch.setattr(backup, "_copy", copy)
    made = backup.back_up(database, tmp_path / "backups", "a")
    assert [*made.parent.iterdir()] == [made]
    assert refused == [f"{database} is being backed up already"]


def test_a_process_that_is_started_meanwhile_keeps_no_later_copy_out(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a copy of the descriptor that holds the folder until it executes its program."""
    copies: list[int] = []
    lock = fcntl.flock

    def copied(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        if how & fcntl.LOCK_EX:
            copies.append(os.dup(descriptor))

    monkeypatch.setattr("viewra.db.backup.fcntl.flock", copied)
    for _ in range(2):
        back_up(path, folder, "1")
    assert len(copies) == 2
    for copy in copies:
        os.close(copy)
