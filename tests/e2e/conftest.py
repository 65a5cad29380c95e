"""The command as a person runs it: a process, its output, its exit status."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.conftest import POSTGRESQL, postgresql_schema
from tests.forking import PIPE, Forked, server
from viewra import Host

ROOT = Path(__file__).resolve().parents[2]
MUSIC = ROOT / "examples" / "music"


@attrs.frozen
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Viewra = Callable[..., Done]


# Root may read and write everything; without these capabilities modes bind it as they bind anyone.
UNPRIVILEGED = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
needs_modes = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root, and no setpriv to be bound by modes"
)


NO_PLUGIN = pytest.mark.usefixtures("no_plugins")
ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"], indirect=True)
"""Marks the tests that are run on both databases, by the variable that a person would set."""

ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def start(
    data_dir: Path,
    *arguments: str | bytes | Path,
    prefix: Sequence[str] = (),
    stdin: int | None = None,
    stdout: int = PIPE,
    stderr: int = PIPE,
    database: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Forked:
    """Start ``viewra`` in a fork of a process that has imported it, which was started through ``prefix``."""
    return server(tuple(prefix)).start(
        ["viewra", "--data-dir", str(data_dir), *map(os.fsdecode, arguments)],
        module="viewra.cli",
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**environment(database), **(env or {})},
    )


def run(data_dir: Path, *arguments: str | bytes | Path, **options: Any) -> Done:
    """Start ``viewra`` and wait for its end; it never shows a traceback."""
    return finished(start(data_dir, *arguments, **options))


def finished(started: Forked | subprocess.Popen[str]) -> Done:
    with started as process:
        out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    return Done(process.wait(), out, err)


def start_anew(data_dir: Path, *arguments: str | Path, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start the command that is installed, through ``prefix``."""
    command = Path(sys.executable).with_name("viewra")
    argv = [*prefix, command, "--data-dir", data_dir, *arguments]
    return subprocess.Popen(argv, stdout=PIPE, stderr=PIPE, text=True, env=environment(None))


def environment(database: str | None) -> dict[str, str]:
    """The tests' own without variables of viewra's, but for the database."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("VIEWRA_")}
    if database is not None:
        own["VIEWRA_DATABASE"] = database
    return {**own, "PYTHONUTF8": "1"}


@pytest.fixture
def data_dir(tmp_path: Path, fresh_database: Path) -> Path:
    """A data directory that was used before, if only to look; ``tmp_path / "new"`` was not."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    shutil.copy(fresh_database, data_dir)
    return data_dir


@pytest.fixture(scope="session")
def audio_tags_database(fresh_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database in which ``audio_tags`` is the one plugin shipped with viewra that is enabled."""
    data_dir = tmp_path_factory.mktemp("audio_tags") / "data"
    data_dir.mkdir(mode=0o700)
    shutil.copy(fresh_database, data_dir)
    with Host(data_dir=data_dir, watch=False) as host:
        for plugin_id in ("file_names", "image_info", "library_history", "media_info", "sidecars"):
            host.plugins[plugin_id].disable()
    return data_dir / "viewra.db"


@pytest.fixture(scope="session")
def no_plugins_database(audio_tags_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in which it is not enabled, either."""
    data_dir = tmp_path_factory.mktemp("no_plugins") / "data"
    data_dir.mkdir(mode=0o700)
    shutil.copy(audio_tags_database, data_dir)
    with Host(data_dir=data_dir, watch=False) as host:
        host.plugins["audio_tags"].disable()
    return data_dir / "viewra.db"


@pytest.fixture
def only_audio_tags(data_dir: Path, audio_tags_database: Path) -> None:
    """Of the plugins shipped with viewra one alone runs: each costs a scan a process, about a third of a second.

    In PostgreSQL all of them run.
    """
    shutil.copy(audio_tags_database, data_dir)


@pytest.fixture
def no_plugins(data_dir: Path, no_plugins_database: Path) -> None:
    """No plugin shipped with viewra runs: for tests of scans that need nobody to read the files."""
    shutil.copy(no_plugins_database, data_dir)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of the host's database; None: the SQLite file that it is by itself."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield None
    elif POSTGRESQL is None:
        pytest.skip("VIEWRA_TEST_POSTGRESQL names no PostgreSQL to test with (see .ci/postgresql)")
    else:
        with postgresql_schema() as url:
            yield url


@pytest.fixture
def viewra(data_dir: Path, database: str | None) -> Viewra:
    """Run ``viewra`` on a data directory of the test's own."""

    def on_its_own(*arguments: str | bytes | Path, **options: Any) -> Done:
        return run(data_dir, *arguments, database=database, **options)

    return on_its_own


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MUSIC, tmp_path / "music"))


def files(**counts: int) -> dict[str, int]:
    zero = dict.fromkeys(
        ("seen", "new", "changed", "unchanged", "moved", "deleted", "failed", "missing", "returned"), 0
    )
    return {**zero, "read": 0, **counts}
