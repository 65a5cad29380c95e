"""Revisions are read without being run, put in order, and judged by what they call."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from viewra.db import REVISION
from viewra.errors import MigrationError
from viewra.revisions import pending, read_revisions


def write(folder: Path, revision: str, down: str | None, upgrade: str = "pass", head: str = "") -> None:
    lines = upgrade.replace("\n", "\n    ")
    (folder / f"{revision}.py").write_text(
        f'"""About {revision}.\n\nMore."""\n{head}\nrevision = "{revision}"\ndown_revision = {down!r}\n'
        f"def upgrade():\n    {lines}\n"
    )


def test_in_order_with_their_messages(tmp_path: Path) -> None:
    write(tmp_path, "b", "c")
    write(tmp_path, "a", "b")
    write(tmp_path, "c", None)
    (tmp_path / "__init__.py").write_text("raise RuntimeError")
    found = read_revisions(tmp_path)
    assert [(one.id, one.down, one.message) for one in found] == [
        ("c", None, "About c"),
        ("b", "c", "About b"),
        ("a", "b", "About a"),
    ]
    assert [one.id for one in pending(found, "c")] == ["b", "a"]
    assert pending(found, None) == found
    with pytest.raises(KeyError):
        pending(found, "d")


def test_the_hosts_own() -> None:
    spec = importlib.util.find_spec("viewra_migrations")
    assert spec is not None
    assert spec.origin is not None
    assert read_revisions(Path(spec.origin).parent)[-1].id == REVISION


def test_reading_runs_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a", None, head="import nowhere\nraise RuntimeError")
    assert [one.id for one in read_revisions(tmp_path)] == ["a"]


@pytest.mark.parametrize(
    ("upgrade", "additive"),
    [
        ("pass", True),
        ('op.create_table("a", sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))', True),
        ('op.add_column("a", sa.Column("b", sa.Text()))\nop.create_index("i", "a", ["b"])', True),
        ('op.drop_table("a")', False),
        ('op.execute("CREATE TABLE a (id)")', False),
        ('op.get_bind().exec_driver_sql("DELETE FROM a")', False),
        ('op.get_bind().create_table("a")', False),
        ('with op.batch_alter_table("a", schema=None) as b:\n    b.add_column(sa.Column("c", sa.Text()))', True),
        ('with op.batch_alter_table("a") as b:\n    b.create_index(b.f("i"), ["c"])', True),
        ('with op.batch_alter_table("a") as b:\n    b.drop_column("c")', False),
        ('with op.batch_alter_table("a", recreate="always") as b:\n    b.add_column(sa.Column("c"))', False),
        ('with op.batch_alter_table("a", copy_from=t) as b:\n    pass', False),
        ("with connection.begin() as b:\n    b.add_column(1)", False),
        ('op.create_index(op.f("i"), "a", ["b"])', True),
        ("helper()", False),
        ("connection.execute(1)", False),
        ('getattr(op, "drop_table")("a")', False),
    ],
)
def test_what_counts_as_additive(tmp_path: Path, upgrade: str, additive: bool) -> None:
    write(tmp_path, "a", None, upgrade)
    assert read_revisions(tmp_path)[0].additive is additive


def test_without_an_upgrade_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('revision = "a"\ndown_revision = None\nupgrade = lambda: None\n')
    assert not read_revisions(tmp_path)[0].additive


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def upgrade(:", "is not Python"),
        ("down_revision = None", "does not say revision"),
        ('revision = "a"', "does not say revision"),
        ('revision = str("a")\ndown_revision = None', "does not say revision"),
        ('revision = "a"\ndown_revision = ("b", "c")', "does not say revision"),
        ('revision = "a"\ndown_revision = 3', "neither one revision nor None"),
        ('revision = "a"\ndown_revision = "b"', "follows revision b, which does not exist"),
        ('revision = "a"\ndown_revision = "a"', "follows revision a"),
        ("\0", "is not Python"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_name(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "x.py").write_text(text)
    with pytest.raises(MigrationError, match=says) as caught:
        read_revisions(tmp_path)
    assert "x.py" in str(caught.value)


def test_branches_are_refused_with_the_remedy(tmp_path: Path) -> None:
    write(tmp_path, "a", None)
    write(tmp_path, "b", "a")
    write(tmp_path, "c", "a")
    with pytest.raises(MigrationError, match=r"b\.py and c\.py both follow a") as caught:
        read_revisions(tmp_path)
    assert caught.value.hint
