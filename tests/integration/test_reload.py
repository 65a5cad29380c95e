"""Hot reload with real processes and files: no call is lost, and what cannot be used leaves the old code serving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.errors import PluginUnavailable
from viewra.types import PluginState

from .conftest import States

pytestmark = pytest.mark.process

CODE = """
    import os, time
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}

    class P(Plugin):
        def initialize(self, context):
            {initialize}

        def search(self, query, limit, offset):
            time.sleep(float(query.get("s", "0")))
            return SearchResponse((SearchResult(str(os.getpid()), str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


def write(directory: Path, version: int, initialize: str = "pass", code: str = CODE) -> None:
    """Write the next version, as an editor does: beside it, and then over it."""
    import textwrap

    draft = directory / "main.py.tmp"
    draft.write_text(textwrap.dedent(code).format(version=version, initialize=initialize))
    draft.replace(directory / "main.py")


@contextmanager
def running(tmp_path: Path, states: States, **options: object) -> Iterator[Host]:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", **options) as host:  # type: ignore[arg-type]
        host.pm.register(states)
        if "p" in host.plugins:
            host.plugins["p"].enable(grant_requested=True)
        yield host


def version(host: Host, seconds: float = 0.0) -> int:
    search = host.plugins["p"].search
    assert search is not None
    return int(search.search({"s": str(seconds)}, 1, 0).results[0].title)


@pytest.fixture
def directory(make_plugin: Callable[..., Path]) -> Path:
    directory = make_plugin("p", "", capabilities=("search_service",), extra="runtime: restart: max: 100")
    write(directory, 1)
    return directory


PAUSE_S = 0.02
"""Of each of the callers, who would otherwise leave no processor to what they wait for."""


class Callers:
    """Threads that call all the time, together about once a millisecond; what they saw, and what failed."""

    def __init__(self, host: Host, threads: int = 16) -> None:
        self._host = host
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(threads)
        self.oldest = 0
        self.too_old: list[tuple[int, int]] = []
        self.failures: list[BaseException] = []
        self.calls = 0
        self.latest = 0
        self._running = [self._pool.submit(self._call) for _ in range(threads)]

    def _call(self) -> None:
        while not self._over.wait(PAUSE_S):
            oldest = self.oldest
            try:
                found = version(self._host)
            except Exception as error:
                self.failures.append(error)
                continue
            self.calls += 1
            self.latest = max(self.latest, found)
            if found < oldest:
                self.too_old.append((found, oldest))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the threads, also when the test fails: left alone they would add failures for ever."""
        self._over.set()
        self._pool.shutdown()


def test_five_reloads_under_16_threads_lose_no_call(tmp_path: Path, directory: Path, states: States) -> None:
    with running(tmp_path, states) as host:
        assert version(host) == 1
        with Callers(host) as callers:
            for number in range(2, 7):
                write(directory, number)
                eventually(lambda number=number: host.plugins["p"].stats.reloads == number - 1)  # type: ignore[misc]
                callers.oldest = number  # a call that begins now must not be answered by an older process
                eventually(lambda number=number: callers.latest == number)  # type: ignore[misc]
        assert (callers.failures, callers.too_old) == ([], [])
        assert callers.calls > 100
        assert host.plugins["p"].stats.hooks["search"].errors == {}


@pytest.mark.parametrize(
    ("initialize", "why"),
    [
        ("(", "SyntaxError"),
    ],
)
def test_a_version_that_does_not_start_leaves_the_old_one_serving(
    tmp_path: Path, directory: Path, states: States, initialize: str, why: str
) -> None:
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        pid = plugin.pid
        write(directory, 2, initialize)
        eventually(lambda: why in plugin.reason)
        assert plugin.reason.startswith("the changed code is not used, version 1.0.0 serves on: it did not start")
        assert (plugin.state, plugin.pid, version(host)) == (PluginState.RUNNING, pid, 1)
        with pytest.raises(PluginUnavailable, match="serves on"):
            plugin.reload()
        write(directory, 1)
        eventually(lambda: plugin.reason == "")  # what runs is on disk again
        write(directory, 2, initialize)
        eventually(lambda: why in plugin.reason)
        write(directory, 3)
        eventually(lambda: version(host) == 3)
        assert plugin.reason == ""


def test_a_manifest_with_a_mistake_leaves_the_old_one_serving_and_is_taken_when_mended(
    tmp_path: Path, directory: Path, states: States
) -> None:
    manifest = directory / "plugin.cue"
    text = manifest.read_text()
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        manifest.write_text(text.replace('version: "1.0.0"', 'version: "new"'))
        eventually(lambda: "a semantic version" in plugin.reason)
        assert version(host) == 1
        manifest.write_text(text.replace('version: "1.0.0"', 'version: "1.1.0"'))
        eventually(lambda: plugin.info.version == "1.1.0")
        eventually(lambda: plugin.stats.reloads == 1)
        assert plugin.reason == ""


def test_new_plugins_are_found_and_removed_ones_end(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    import shutil

    with running(tmp_path, states) as host:
        assert "p" not in host.plugins
        directory = make_plugin("p", "", capabilities=("search_service",))
        write(directory, 1)
        eventually(lambda: "p" in host.plugins)
        assert host.plugins["p"].state is PluginState.DISABLED
        host.plugins["p"].enable()
        eventually(lambda: version(host) == 1)
        plugin = host.plugins["p"]
        write(directory, 2)
        eventually(lambda: version(host) == 2)
        shutil.rmtree(directory)
        eventually(lambda: "p" not in host.plugins)
        eventually(lambda: plugin.state is PluginState.STOPPED)
        assert plugin.reason == "it is no longer where it was"
        assert plugin.pid is None
        assert "p" not in {one.plugin_id for one in host.hook.get_search_capabilities()}


def test_its_own_data_and_caches_never_trigger(tmp_path: Path, directory: Path, states: States) -> None:
    with running(tmp_path, states) as host:
        assert version(host) == 1
        (directory / "__pycache__").mkdir(exist_ok=True)
        (directory / "__pycache__" / "x.pyc").write_bytes(b"x")
        (tmp_path / "data" / "plugins" / "p" / "cache.bin").write_bytes(b"x")
        write(directory, 2)
        eventually(lambda: version(host) == 2)
        eventually(lambda: host.plugins["p"].stats.reloads == 1)


STOPS = """
    import threading
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}

    class P(Plugin):
        def initialize(self, context):
            self.over = threading.Event()
            {initialize}

        def stop(self):
            self.over.set()

        def search(self, query, limit, offset):
            if self.over.wait(float(query["s"])):
                raise RuntimeError("stopped under a call")
            return SearchResponse((SearchResult("x", str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


# ---- one after the other ----

HOLDER = """
    import os, socket
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}

    class P(Plugin):
        def initialize(self, context):
            self.lock = socket.socket(socket.AF_UNIX)
            self.lock.bind("\\0" + context.base_path)  # what only one process can hold
            {initialize}

        def search(self, query, limit, offset):
            return SearchResponse((SearchResult(str(os.getpid()), str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


@pytest.fixture
def holder(make_plugin: Callable[..., Path]) -> Path:
    extra = 'runtime: {reload: "restart", restart: max: 100}'
    directory = make_plugin("p", "", capabilities=("search_service",), extra=extra, may=("filesystem:write",))
    write(directory, 1, code=HOLDER)
    return directory


def test_what_only_one_process_can_hold_is_handed_over_and_calls_wait(
    tmp_path: Path, holder: Path, states: States
) -> None:
    with running(tmp_path, states) as host:
        assert version(host) == 1
        with Callers(host) as callers:
            for number in (2, 3):
                write(holder, number, code=HOLDER)
                eventually(lambda number=number: callers.latest == number)  # type: ignore[misc]
        assert callers.failures == []


def test_the_old_code_serves_again_when_the_new_one_does_not_start_in_its_place(
    tmp_path: Path, holder: Path, states: States
) -> None:
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        with Callers(host) as callers:
            write(holder, 2, 'raise RuntimeError("no dictionary")', code=HOLDER)
            eventually(lambda: "no dictionary" in plugin.reason and plugin.state is PluginState.RUNNING)
            assert version(host) == 1
            plugin.restart()  # the code on disk is still the one that does not start
            assert version(host) == 1
            write(holder, 3, code=HOLDER)
            eventually(lambda: callers.latest == 3)
        assert callers.failures == []
        assert plugin.path == holder


QUIESCES = """
    import time
    from pathlib import Path
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}
    HERE = Path(__file__).parent

    class P(Plugin):
        quiescing = False

        def initialize(self, context):
            {initialize}

        def quiesce(self):
            self.quiescing = True
            while not (HERE / ".asked").exists():
                time.sleep(0.005)
            (HERE / ".quiesced").touch()
            if (HERE / ".fail").exists():
                raise OSError("the port is stuck")

        def stop(self):
            (HERE / ".stopped").write_text(str(self.quiescing))

        def search(self, query, limit, offset):
            if self.quiescing:
                (HERE / ".asked").touch()
            return SearchResponse((SearchResult(str(self.quiescing), str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


@pytest.mark.parametrize("fails", [False, True])
def test_a_plugin_quiesces_while_it_still_answers_and_is_then_replaced_in_any_case(
    tmp_path: Path, holder: Path, states: States, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    write(holder, 1, code=QUIESCES)
    if fails:
        (holder / ".fail").touch()
    with running(tmp_path, states, watch=False) as host:
        assert version(host) == 1
        with Callers(host) as callers:
            write(holder, 2, code=QUIESCES)
            host.plugins["p"].reload()  # it would not end quiescing before it has been asked something meanwhile
            assert (holder / ".quiesced").exists()
            assert (holder / ".stopped").read_text() == "True"
            assert version(host) == 2
        assert callers.failures == []
    assert ("did not quiesce" in caplog.text and "the port is stuck" in caplog.text) is fails


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
        with Callers(host, 8) as callers:
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
    [
        (SPOIL + 'raise ValueError("bad")', "pass"),
        (SPOIL, 'raise ValueError("bad")'),
    ],
    ids=["migration", "start"],
)
def test_a_migration_or_start_that_fails_leaves_database_and_code_as_they_were(
    tmp_path: Path, tables: Path, states: States, upgrade: str, initialize: str
) -> None:
    with running(tmp_path, states, watch=False) as host:
        assert version(host) == 1
        with Callers(host, 8) as callers:
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


def test_a_mounted_plugin_goes_over_to_the_next_release_and_stays_enabled(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    mounted = tmp_path / "plugins" / "a-mount"  # another name than the plugin's

    def mount(number: int) -> None:
        """As Kubernetes does it: links through a link that is switched in one step."""
        release = make_plugin("p", "", capabilities=("search_service",), parent=tmp_path / f"release{number}")
        write(release, number)
        release.rename(mounted / f"..release{number}")
        for name in ("plugin.cue", "main.py"):
            if not (mounted / name).is_symlink():
                (mounted / name).symlink_to(f"..data/{name}")
        (mounted / "..next").symlink_to(f"..release{number}")
        (mounted / "..next").rename(mounted / "..data")

    mounted.mkdir(parents=True)
    mount(1)
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        for number in (2, 3):
            mount(number)
            (mounted / f"..release{number - 1}" / "main.py").unlink()
            eventually(lambda number=number: version(host) == number)  # type: ignore[misc]
            assert host.plugins["p"] is plugin
        text = (mounted / "plugin.cue").read_text()
        pid = plugin.pid
        (mounted / "plugin.cue").write_text(text[:30])
        eventually(lambda: "is not used" in plugin.reason)
        assert (plugin.pid, version(host)) == (pid, 3), "an invalid manifest ends nothing"
        (mounted / "plugin.cue").write_text(text)
        eventually(lambda: not plugin.reason)
        assert plugin.pid == pid
