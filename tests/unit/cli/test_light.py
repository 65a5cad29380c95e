"""A command that only asks the running host is quick: it imports no host of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pluggy
import pytest

from viewra import hookspecs, library
from viewra.adapters import add_hookspecs
from viewra.db import open_database
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.plugins_state import plugins_state
from viewra.host.installed.searchers import Searchers

HEAVY = [
    "sqlalchemy",
    "grpc",
    "pluggy",
    "viewra.host.facade",
    "viewra.adapters",
    "rich",
    "alembic",
    "cattrs",
    "starlette",
    "uvicorn",
]


@pytest.mark.process
def test_asking_a_running_host_imports_none() -> None:
    program = (
        f"import sys, viewra.cli._main, viewra.cli.plugins; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


@pytest.mark.process
def test_a_host_imports_what_it_needs_to_open() -> None:
    """What only PostgreSQL, metrics, figures of processes or watching need, it imports when they are used."""
    program = (
        "import sys, viewra.cli._main, viewra.host.facade, viewra.host.running.resources, viewra.host.watch.watcher;"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    imported = done.stdout.split()
    assert "viewra.host.facade" in imported
    assert [name for name in imported if name.endswith(".postgresql")] == ["viewra.db.postgresql"]
    assert {"prometheus_client", "psutil", "watchdog"}.isdisjoint(imported)


UNUSED = [
    *("grpc", "pluggy", "alembic", "cattrs", "psutil", "rich", "cryptography", "pathspec", "google.protobuf"),
    *("viewra.manifest", "viewra.adapters", "viewra.codec", "viewra.transport", "viewra.process", "viewra.sdk"),
    *("viewra.host.facade", "viewra.host.registry", "viewra.library.walk", "viewra.library.scanner"),
    *(
        "viewra.library.events",
        "viewra.cli.scan",
        "viewra.cli.plugins",
        "viewra.cli.export",
    ),
]


@pytest.mark.process
@pytest.mark.parametrize("command", [("search", "nothing"), ("ls",), ("ls", "--albums"), ("stats",), ("show", "/none")])
def test_a_command_that_looks_something_up_imports_no_host(
    command: tuple[str, ...], tmp_path: Path, fresh_database: Path
) -> None:
    """Neither gRPC, nor CUE, nor Alembic, nor a command that was not called."""
    shutil.copy(fresh_database, tmp_path)
    engine = open_database(f"sqlite:///{tmp_path / fresh_database.name}")
    Searchers(engine, tmp_path, [tmp_path / "plugin-packages"]).remember(answer=False)
    engine.dispose()
    assert _imported([*command], tmp_path, UNUSED) == []


UNUSED_BY_RESCAN = [
    *(one for one in UNUSED if one not in {"viewra.cli.scan", "viewra.library.walk", "viewra.transport"}),
    *("ctypes", "viewra.types.scan", "viewra.types.browse"),
    *("viewra.library.jobs", "viewra.library.changes", "viewra.library.exporting", "viewra.library.scan_plan"),
    *("viewra.library.documents", "viewra.library.catalogue", "viewra.library.query", "viewra.library.fulltext"),
    *("viewra.db.catalogue_tables", "viewra.db.task_tables", "viewra.host.nice", "viewra.cli._failures"),
]


@pytest.mark.process
def test_a_scan_that_finds_nothing_to_do_imports_no_more_than_it_uses(tmp_path: Path, fresh_database: Path) -> None:
    """Neither what a scan does with files that have changed, nor a host."""
    shutil.copy(fresh_database, tmp_path)
    music = tmp_path / "music"
    music.mkdir()
    (music / "1.mp3").write_bytes(b"ID3")
    engine = open_database(f"sqlite:///{tmp_path / fresh_database.name}")
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    add_hookspecs(manager)
    state = plugins_state(engine, [tmp_path / PACKAGES])
    library.scan(engine, manager.hook, str(music), plugins=lambda: state)
    engine.dispose()
    assert _imported(["scan", str(music)], tmp_path, UNUSED_BY_RESCAN) == []


def _imported(command: list[str], data_dir: Path, names: list[str]) -> list[str]:
    """Which of the modules the command imports."""
    program = (
        f"import sys; sys.argv = ['viewra', '--data-dir', {str(data_dir)!r}, *{command!r}]\n"
        "from viewra.cli._main import main\n"
        "try:\n    main()\n"
        f"finally: print(*[name for name in {names!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    return done.stderr.splitlines()[-1].split()
