"""``viewra db`` as a user runs it: upgrade and downgrade of the host's database and a plugin's, newer databases."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MakePlugin
from tests.e2e.conftest import ON_BOTH, ON_POSTGRESQL, Viewra
from tests.thorough import thorough
from viewra.db import REVISION

pytestmark = pytest.mark.process

CODE = """
    from pathlib import Path
    import sqlalchemy as sa
    from viewra.sdk import Plugin, serve
    from viewra.sdk_db import AlembicDatabaseService
    metadata = sa.MetaData()
    sa.Table("songs", metadata, sa.Column("id", sa.Integer), sa.Column("title", sa.Text))
    class Songs(Plugin):
        def database_service(self):
            return AlembicDatabaseService(metadata, Path(__file__).parent / "migrations")
    serve(Songs())
"""
BOTH = 'database: engines: ["sqlite", "postgresql"]'
REVISIONS = [
    (None, 'op.create_table("songs", sa.Column("id", sa.Integer()))', 'op.drop_table("songs")'),
    ("0001", 'op.execute("INSERT INTO songs VALUES (2)")', 'op.execute("DELETE FROM songs WHERE id = 2")'),
]


@pytest.fixture
def songs(make_plugin: MakePlugin, viewra: Viewra) -> Path:
    """A plugin with two revisions, enabled, that has not run yet."""
    directory: Path = make_plugin("songs", CODE, capabilities=("database_service",), extra=BOTH)
    (directory / "migrations").mkdir()
    for number, (down, up, back) in enumerate(REVISIONS, start=1):
        (directory / "migrations" / f"000{number}.py").write_text(
            f'"""Step {number}."""\nimport sqlalchemy as sa\nfrom alembic import op\n'
            f'revision = "000{number}"\ndown_revision = {down!r}\n'
            f"def upgrade():\n    {up}\n\ndef downgrade():\n    {back}\n"
        )
    assert viewra("--plugins", directory.parent, "plugins", "enable", "songs").status == 0
    assert viewra("plugins", "disable", "library_history").status == 0  # its tables are not made yet, either
    return directory


@pytest.fixture
def with_songs(viewra: Viewra, songs: Path) -> Viewra:
    return lambda *arguments, **options: viewra("--plugins", songs.parent, *arguments, **options)


def rows(found: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    return {row["owner"]: (row["revision"], row["head"], row["up_to_date"]) for row in found}


@ON_BOTH
def test_looking_makes_and_moves_nothing(viewra: Viewra, data_dir: Path) -> None:
    (data_dir / "viewra.db").unlink()
    assert rows(viewra("db", "current", "--json").data) == {"host": (None, REVISION, False)}
    assert not (data_dir / "viewra.db").exists()
    new = viewra("db", "check")
    assert (new.status, new.out) == (0, "host: it is made when it is first needed\n")
    assert viewra("db", "upgrade", "0001").status == 0
    assert rows(viewra("db", "current", "--json").data) == {"host": ("0001", REVISION, False)}
    assert "to be run: 0002" in viewra("db", "check").out


def test_the_host_goes_up_and_back(viewra: Viewra, data_dir: Path) -> None:
    assert viewra("db", "upgrade", "--json").data[0]["to"] == REVISION
    assert viewra("token", "list").status == 0  # it uses tables that most commands do not know
    assert viewra("db", "check").out == "host: fine\nlibrary_history: it is made when it is first needed\n"
    assert "nothing to do" in viewra("db", "upgrade").out
    dry = viewra("db", "downgrade", "--dry-run", "--json").data[0]
    assert (dry["from"], dry["revisions"], dry["dry_run"]) == (REVISION, [REVISION], True)
    assert rows(viewra("db", "current", "--json").data)["host"] == (REVISION, REVISION, True)
    back = viewra("db", "downgrade", "0001", "--json").data[0]
    assert (back["from"], back["to"]) == (REVISION, "0001")
    (copy,) = (data_dir / "backups" / "host").iterdir()
    assert copy.name.endswith(f"-{REVISION}.db")
    assert viewra("db", "upgrade", "+1", "--json").data[0]["to"] == "0002"
    history = viewra("db", "history", "--json").data
    assert [row["applied"] for row in history][:3] == [True, True, False]
    assert viewra("db", "downgrade", "base").status == 0
    assert viewra("library", "list").status == 0, "the next command brings it up"


@ON_BOTH
def test_sql_instead_of_moving(viewra: Viewra, data_dir: Path) -> None:
    (data_dir / "viewra.db").unlink()
    up = viewra("db", "upgrade", "--sql")
    assert "CREATE TABLE libraries" in up.out
    assert rows(viewra("db", "current", "--json").data)["host"] == (None, REVISION, False)
    viewra("db", "upgrade")
    assert "DROP TABLE" in viewra("db", "downgrade", "0001", "--sql").out
    refused = viewra("db", "upgrade", "--sql", "--plugin", "audio_tags")
    assert refused.status == 2
    assert "--dry-run" in refused.err


@ON_BOTH
def test_a_plugin_goes_up_and_back(with_songs: Viewra, data_dir: Path, database: str | None) -> None:
    assert with_songs("db", "upgrade", "--plugin", "songs", "--json").data == [
        {"owner": "songs", "from": None, "to": "0002", "revisions": ["0001", "0002"], "dry_run": False}
    ]
    assert with_songs("db", "check").status == 0
    assert with_songs("db", "downgrade", "--plugin", "songs", "--yes").status == 0
    assert rows(with_songs("db", "current", "--plugin", "songs", "--json").data) == {"songs": ("0001", "0002", False)}
    assert "to be run: 0002" in with_songs("db", "check").out
    assert with_songs("db", "downgrade", "--plugin", "songs", "base", "--yes").status == 0
    assert rows(with_songs("db", "current", "--json").data)["songs"] == (None, "0002", False)
    one = with_songs("db", "upgrade", "--plugin", "songs", "0001")
    assert one.status == 2
    assert "only to its newest revision" in one.err
    copies = [*(data_dir / "backups" / "plugins" / "songs").glob("*.db")]
    assert len(copies) == (2 if database is None else 0)


def test_a_database_of_a_newer_version_is_refused_with_the_remedy(
    with_songs: Viewra, songs: Path, data_dir: Path
) -> None:
    assert with_songs("db", "upgrade", "--all").status == 0
    assert "Step 2" in with_songs("db", "history", "--plugin", "songs").out
    (songs / "migrations" / "0002.py").unlink()
    for command in ("upgrade", "downgrade"):
        refused = with_songs("db", command, "--plugin", "songs")
        assert refused.status == 2
        assert "0002, which this version does not know" in refused.err
    with contextlib.closing(sqlite3.connect(data_dir / "viewra.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in ("upgrade", "downgrade"):
        assert "newer version" in with_songs("db", command).err
    assert with_songs("db", "check", "--json").data[0]["problems"]


def test_what_cannot_be_meant(with_songs: Viewra) -> None:
    for arguments in (
        ("upgrade", "9999"),
        ("upgrade", "--plugin", "audio_tags"),
        ("upgrade", "--plugin", "nobody"),
        ("upgrade", "--plugin", "songs", "--all"),
        ("downgrade", "head"),
        ("downgrade", "-99"),
        ("revision", "-m", " "),
        ("revision", "--plugin", "audio_tags", "--autogenerate", "-m", "x"),
    ):
        done = with_songs("db", *arguments)
        if arguments == ("downgrade", "head"):
            assert done.status == 0, "it is there: nothing to do"
            continue
        assert done.status == 2, arguments
        assert done.err


@thorough
def test_a_plugin_that_cannot_say_is_moved_all_the_same(
    make_plugin: MakePlugin, viewra: Viewra, tmp_path: Path
) -> None:
    code = """
        import os
        from viewra.sdk import Plugin, serve
        class Old(Plugin):
            def get_models(self): return []
            def migrate(self, url): open(os.path.join(self.context.base_path, "moves"), "a").write("up ")
            def rollback(self, url): open(os.path.join(self.context.base_path, "moves"), "a").write("back ")
        serve(Old())
    """
    directory = make_plugin("old", code, capabilities=("database_service",))
    options = ("--plugins", directory.parent)
    viewra(*options, "plugins", "enable", "old")
    viewra(*options, "db", "upgrade")
    (row,) = viewra(*options, "db", "current", "--plugin", "old", "--json").data
    assert (row["revision"], row["head"], row["up_to_date"]) == (None, None, None)
    assert viewra(*options, "db", "upgrade", "--plugin", "old").status == 0
    assert viewra(*options, "db", "downgrade", "--plugin", "old").status == 0
    assert viewra(*options, "db", "downgrade", "--plugin", "old", "1").status == 2
    assert (tmp_path / "data" / "plugins" / "old" / "moves").read_text() == "up back "


def test_a_new_migration_of_a_plugin(with_songs: Viewra, songs: Path) -> None:
    written = with_songs("db", "revision", "--plugin", "songs", "-m", 'Say "hello", 100 %')
    file = Path(written.out.strip())
    assert file == songs / "migrations" / "0003_say_hello_100.py"
    assert 'down_revision = "0002"' in file.read_text()
    compile(file.read_text(), str(file), "exec")
    shutil.rmtree(songs / "migrations")
    assert with_songs("db", "revision", "--plugin", "songs", "-m", "First").out.strip().endswith("0001_first.py")


@thorough
@ON_BOTH
def test_a_new_migration_of_a_plugin_from_its_tables(with_songs: Viewra, songs: Path) -> None:
    written = with_songs("db", "revision", "--plugin", "songs", "--autogenerate", "-m", "Titles")
    assert written.err == ""
    file = Path(written.out.strip())
    assert file == songs / "migrations" / "0003_titles.py"
    assert "title" in file.read_text()
    assert with_songs("db", "upgrade", "--plugin", "songs", "--yes", "--json").data[0]["to"] == "0003"
    again = with_songs("db", "revision", "--plugin", "songs", "--autogenerate", "-m", "Nothing")
    assert (again.status, again.out) == (1, "")
    assert "nothing to write" in again.err


@ON_POSTGRESQL
@pytest.mark.parametrize("owner", ["host", "songs"])
def test_what_may_lose_data_in_postgresql_wants_a_yes(with_songs: Viewra, songs: Path, owner: str) -> None:
    whose = () if owner == "host" else ("--plugin", owner)
    assert with_songs("db", "upgrade", *whose).status == 0, "there is nothing to lose yet"
    refused = with_songs("db", "downgrade", *whose, stdin=subprocess.DEVNULL)
    assert refused.status == 2
    assert "pg_dump" in refused.err
    assert "--yes" in refused.err
    leader, follower = os.openpty()
    os.write(leader, b"n\n")
    asked = with_songs("db", "downgrade", *whose, stdin=follower)
    assert (asked.status, "pg_dump" in asked.err) == (1, True)
    os.write(leader, b"y\n")
    assert with_songs("db", "downgrade", *whose, stdin=follower).status == 0
    os.close(leader)
    os.close(follower)
