"""Reloads with a pending migration: made while calls wait, undone if the new code does not start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.reloading import Callers, running, version, write
from tests.thorough import some
from viewra import Host
from viewra.errors import PluginUnavailable

from .conftest import States

pytestmark = pytest.mark.process

# ---- databases ----

TABLES = """
    from pathlib import Path
    import sqlalchemy as sa
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    from viewra.sdk_db import AlembicDatabaseService, open_engine
    VERSION = {version}
    metadata = sa.MetaData()
    sa.Table("things", metadata, sa.Column("id", sa.Integer, primary_key=True))

    class P(Plugin):
        def database_service(self):
            return AlembicDatabaseService(metadata, Path(__file__).parent / "migrations")

        def initialize(self, context):
            self.engine = open_engine(context.database_url)
            {initialize}

        def search(self, query, limit, offset):
            with self.engine.connect() as connection:
                columns = [column["name"] for column in sa.inspect(connection).get_columns("things")]
                count = connection.execute(sa.text("SELECT count(*) FROM things")).scalar()
            return SearchResponse((SearchResult(",".join(columns), str(VERSION), metadata={{"count": str(count)}}),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}


def upgrade():
    {upgrade}


def downgrade():
    pass
"""


FIRST = """op.create_table("things", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO things VALUES (1)")"""


SPOIL = """op.execute("ALTER TABLE things ADD COLUMN name TEXT")
    op.execute("DELETE FROM things")
    """


def revise(directory: Path, revision: str, down: str | None, upgrade: str) -> None:
    (directory / "migrations").mkdir(exist_ok=True)
    draft = directory / "migrations" / f"{revision}.tmp"
    draft.write_text(REVISION.format(revision=revision, down=repr(down), upgrade=upgrade))
    draft.replace(directory / "migrations" / f"{revision}.py")


def columns(host: Host) -> str:
    search = host.plugins["p"].search
    assert search is not None
    return search.search({}, 1, 0).results[0].id


@pytest.fixture
def tables(make_plugin: Callable[..., Path]) -> Path:
    directory = make_plugin(
        "p", "", capabilities=("search_service", "database_service"), extra="runtime: restart: max: 100"
    )
    revise(directory, "0001", None, FIRST)
    write(directory, 1, code=TABLES)
    return directory


def test_a_pending_migration_is_made_while_calls_wait(tmp_path: Path, tables: Path, states: States) -> None:
    with running(tmp_path, states, watch=False) as host:
        assert (version(host), columns(host)) == (1, "id")
        with Callers(host, 4) as callers:
            write(tables, 2, code=TABLES)
            host.plugins["p"].reload()  # nothing to migrate: beside each other
            assert states.of("p").count("draining") == 0
            revise(tables, "0002", "0001", 'op.execute("ALTER TABLE things ADD COLUMN name TEXT")')
            write(tables, 3, code=TABLES)
            host.plugins["p"].reload()
            assert states.of("p").count("draining") == 1
            assert (version(host), columns(host)) == (3, "id,name")
        assert callers.failures == []


@pytest.mark.parametrize(
    ("upgrade", "initialize"),
    some(
        [
            pytest.param(SPOIL + 'raise ValueError("bad")', "pass", id="migration"),
            pytest.param(SPOIL, 'raise ValueError("bad")', id="start"),
        ]
    ),
)
def test_a_migration_or_start_that_fails_leaves_database_and_code_as_they_were(
    tmp_path: Path, tables: Path, states: States, upgrade: str, initialize: str
) -> None:
    with running(tmp_path, states, watch=False) as host:
        assert version(host) == 1
        with Callers(host, 4) as callers:
            revise(tables, "0002", "0001", upgrade)
            write(tables, 2, initialize, code=TABLES)
            with pytest.raises(PluginUnavailable, match=r"1.0.0 serves on: it did not start, at the step .*bad"):
                host.plugins["p"].reload()
            assert (version(host), columns(host)) == (1, "id")
            search = host.plugins["p"].search
            assert search is not None
            assert search.search({}, 1, 0).results[0].metadata["count"] == "1"
        assert callers.failures == []


def test_in_postgresql_the_new_code_takes_its_migration_back_when_it_does_not_start(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States, postgresql_url: str
) -> None:
    tables = make_plugin(
        "p",
        "",
        capabilities=("search_service", "database_service"),
        extra='database: engines: ["postgresql"]\nruntime: restart: max: 100',
    )
    revise(tables, "0001", None, FIRST)
    write(tables, 1, code=TABLES)
    with running(tmp_path, states, watch=False, database_url=postgresql_url) as host:
        assert (version(host), columns(host)) == (1, "id")
        with Callers(host, 4) as callers:
            revise(tables, "0002", "0001", 'op.add_column("things", sa.Column("name", sa.Text))')
            undone = (tables / "migrations" / "0002.py").read_text().replace("pass", 'op.drop_column("things", "name")')
            (tables / "migrations" / "0002.py").write_text(undone)
            write(tables, 2, 'raise ValueError("bad")', code=TABLES)
            with pytest.raises(
                PluginUnavailable, match=r"1.0.0 serves on: it did not start, at the step initialize: bad"
            ):
                host.plugins["p"].reload()
            assert (version(host), columns(host)) == (1, "id")
        assert callers.failures == []
