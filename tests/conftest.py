"""Fixtures for tests that run real plugins, and the check that none of their processes remains."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psutil
import psycopg
import pytest
import sqlalchemy as sa

from tests import forking
from tests.once import evaluate_once
from viewra.db import open_database, plugin_provision, plugin_schema, sqlite
from viewra.db.engine import open_unmigrated
from viewra.host.installed import discovery
from viewra.process import MARK

# Where a test asks for no number of its own; ``.ci/run`` asks for more.
hypothesis.settings.register_profile(
    "viewra", max_examples=int(os.environ.get("VIEWRA_TEST_EXAMPLES", "15")), deadline=None
)
hypothesis.settings.load_profile("viewra")

# Without bytecode, each worker, plugin and command would compile viewra again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

gc.disable()  # until all is collected: what collecting makes stays, and looking through it again and again takes long

MakePlugin = Callable[..., Path]

MANIFEST = """\
id: "{plugin_id}"
name: "{plugin_id}"
version: "1.0.0"
type: "generic"
entry_points: main: "{entry}"
capabilities: {{{capabilities}}}
{extra}
"""


@pytest.fixture
def make_plugin(tmp_path: Path) -> MakePlugin:
    """A function that writes a plugin directory: ``make_plugin("id", code, capabilities=[…], extra="…cue…")``.

    ``code`` is the body of ``main.py``; it is dedented. The directory is ``tmp_path/"plugins"/id``. The manifest asks
    for what is in ``may``, as in ``filesystem:write``, below ``tmp_path`` alone.
    """

    def make(
        plugin_id: str,
        code: str,
        *,
        capabilities: tuple[str, ...] = ("metadata_scraper",),
        extra: str = "",
        parent: Path | None = None,
        may: tuple[str, ...] = (),
    ) -> Path:
        directory = (parent or tmp_path / "plugins") / plugin_id
        directory.mkdir(parents=True)
        flags = ", ".join(f"{name}: true" for name in capabilities)
        if may:
            extra += "\n" + _asking(may, tmp_path)
        manifest = MANIFEST.format(plugin_id=plugin_id, entry="main.py", capabilities=flags, extra=extra)
        (directory / "plugin.cue").write_text(manifest)
        (directory / "main.py").write_text(textwrap.dedent(code))
        return directory

    return make


def _asking(names: tuple[str, ...], folder: Path) -> str:
    asked = (
        f'{{resource: "{resource}", actions: ["{action}"], reason: "it is a test", paths: ["{folder}"]}}'
        for resource, _, action in (name.partition(":") for name in names)
    )
    return f"permissions: [{', '.join(asked)}]"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each core, for ``-n auto``: tests wait for processes and deadlines about as long as they compute."""
    del config
    return 2 * len(os.sched_getaffinity(0))


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on, the garbage collector looks at what tests make, not at the tests and modules themselves."""
    del session
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the host's as its first start makes it, to be copied: migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("fresh") / "viewra.db"
    open_database(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once(fresh_database: Path) -> Iterator[None]:
    """All SQLite engines of these tests use one cache of compiled statements, where each would have its own.

    Most tests have a database of their own; compiling its statements took a fifth of their time.
    """
    first = open_unmigrated(f"sqlite:///{fresh_database}")
    with first.connect():  # SQLAlchemy finds out about the version
        pass
    first.dispose()
    compiled: dict[object, object] = {}
    engine_for = sqlite.engine_for

    def sharing(url: sa.URL) -> sa.Engine:
        engine = engine_for(url)
        engine.dialect = first.dialect  # is a part of the keys
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "engine_for", sharing)
        yield


@pytest.fixture(scope="session", autouse=True)
def _manifests_evaluated_once() -> None:
    evaluate_once()


def _logs() -> dict[logging.Logger, tuple[int, bool, list[logging.Handler]]]:
    """What is set of viewra's loggers and of those of its server."""
    known = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    ours = [one for one in known if one.name.partition(".")[0] in {"viewra", "uvicorn", "asyncio"}]
    return {one: (one.level, one.propagate, one.handlers[:]) for one in ours}


@pytest.fixture(autouse=True)
def _logs_go_where_they_went() -> Iterator[None]:
    """A command that runs in this process, or a server, sends logs elsewhere: the next test may look for them."""
    before = _logs()
    yield
    for logger, now in _logs().items():
        if (was := before.get(logger, (logging.NOTSET, True, []))) != now:
            logger.setLevel(was[0])
            logger.propagate, logger.handlers = was[1:]


@pytest.fixture
def sqlite_url(tmp_path: Path, fresh_database: Path) -> str:
    """The URL of an SQLite database of the test's own as the host's first start makes it."""
    return f"sqlite:///{shutil.copy(fresh_database, tmp_path / 'viewra.db')}"


@pytest.fixture
def quick_hosts(
    request: pytest.FixtureRequest, tmp_path: Path, fresh_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts start faster: they find no plugins shipped with viewra, and ``tmp_path / "data"`` was used before.

    The marker ``shipped`` keeps those plugins.
    """
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copy(fresh_database, tmp_path / "data")
    if "shipped" not in request.keywords:
        monkeypatch.setattr(discovery, "shipped_directory", lambda: None)


POSTGRESQL = os.environ.get("VIEWRA_TEST_POSTGRESQL") or None
"""The URL of a PostgreSQL database whose role may create databases and roles; ``.ci/postgresql`` prints one."""


DATABASES = ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"]


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the test's own, once in SQLite and, where there is one, once in PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'viewra.db'}"
    else:
        with postgresql_schema() as url:
            yield url


@pytest.fixture(params=DATABASES)
def migrated_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of the test's own as the host's first start makes it, once in each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
    else:
        with postgresql_database(request.getfixturevalue("fresh_postgresql")) as url:
            yield url


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    if POSTGRESQL is None:
        pytest.skip("VIEWRA_TEST_POSTGRESQL names no PostgreSQL to test with (see .ci/postgresql)")
    with postgresql_schema() as url:
        yield url


@pytest.fixture(scope="session")
def fresh_postgresql() -> Iterator[str]:
    """The name of a PostgreSQL database as the host's first start makes it, to be copied: migrations take longer."""
    with postgresql_database() as url:
        open_database(url).dispose()
        yield sa.make_url(url).database or ""


@contextmanager
def postgresql_database(template: str = "template1") -> Iterator[str]:
    """The URL of a copy of a PostgreSQL database; the role of ``VIEWRA_TEST_POSTGRESQL`` has to have CREATEDB."""
    server, name = POSTGRESQL or "", f"viewra_test_{uuid.uuid4().hex}"
    url = sa.make_url(server).set(database=name).update_query_dict({"options": "-csynchronous_commit=off"})
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgresql_schema() -> Iterator[str]:
    server = POSTGRESQL or ""
    schema = f"viewra_test_{uuid.uuid4().hex}"
    url = f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    yield url
    _drop_plugins_schemas(url)
    with psycopg.connect(server, autocommit=True, options="-c client_min_messages=warning") as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def _drop_plugins_schemas(url: str) -> None:
    """What plugins of this test's hosts had of their own, by the names of their schemas."""
    engine = open_unmigrated(url)
    server = plugin_schema.server_of(engine)
    begins = plugin_schema.names_for(server, "", "").schema
    with engine.connect() as connection:
        found = sa.text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :begins)")
        schemas = connection.execute(found, {"begins": begins}).scalars().all()
    for schema in schemas:
        plugin_provision.drop(engine, plugin_schema.names_for(server, schema.removeprefix(begins), ""))
    engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail the session when a test left a process of this one's behind: a plugin, its guardian, what those started."""
    yield
    started = psutil.Process().children(recursive=True) + forking.descendants()
    left = [process for process in started if _is_plugin(process)]
    left += [process for process in psutil.process_iter() if _is_marked(process)]  # whoever is its parent by now
    forking.close_all()
    assert not left, f"left behind: {left}"


def _is_plugin(process: psutil.Process) -> bool:
    try:
        return "launcher.py" in " ".join(process.cmdline()) or "VIEWRA_PLUGIN" in process.environ()
    except psutil.Error:
        return False


def _is_marked(process: psutil.Process) -> bool:
    try:
        return process.environ().get(MARK, "").startswith(f"{os.getpid()}-")
    except psutil.Error:
        return False
