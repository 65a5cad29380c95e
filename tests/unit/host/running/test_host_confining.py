"""What a sandbox asks of the host's database."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import attrs
import pytest
import sqlalchemy as sa

from viewra import library
from viewra.db import open_database
from viewra.host.running import host_confining
from viewra.host.running.confining import Backend
from viewra.host.running.host_confining import confining_of
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.own_user import PluginUsers
from viewra.process import RuntimeDir

from .test_confining import ABLE


def test_the_folders_of_all_libraries_are_told_without_counting_files(migrated_url: str, tmp_path: Path) -> None:
    """Each scan asks for them, once for each plugin that may read the library."""
    engine = open_database(migrated_url)
    paths = [str(tmp_path / name) for name in ("films", "music")]
    for path in paths:
        Path(path).mkdir()
        library.add_library(engine, path)
    confining = confining_of(engine, tmp_path, None, "off", unsandboxed=True, caps={})
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    assert confining.libraries() == paths
    assert [one for one in statements if "media_files" in one] == []
    engine.dispose()


@pytest.mark.parametrize(
    ("root", "backend", "known"), [(True, "auto", True), (True, "off", False), (False, "auto", False)]
)
def test_what_a_host_gives_its_sandbox(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool, backend: Backend, known: bool
) -> None:
    """The users are read at once where plugins get any, and no plugin sees the host's directories."""
    reads: list[object] = []
    monkeypatch.setattr(PluginUsers, "read", lambda users: reads.append(users))
    monkeypatch.setattr(host_confining, "machine", lambda: attrs.evolve(ABLE, root=root))
    monkeypatch.chdir(tmp_path)
    engine = open_database(migrated_url)
    with RuntimeDir(tmp_path / "run") as runtime_dir:
        machinery = cast(Machinery, SimpleNamespace(runtime_dir=runtime_dir))
        confining = confining_of(engine, Path("data"), machinery, backend, unsandboxed=True, caps={"processes": 3})
    assert confining.secret == (tmp_path / "data", runtime_dir.path.parent)
    assert (confining.backend, confining.allow_unsandboxed, confining.caps) == (backend, True, {"processes": 3})
    assert bool(reads) is known
    reads.clear()
    assert confining_of(engine, tmp_path, None, backend, unsandboxed=False, caps={}).secret == (tmp_path,)
    assert reads == [], "a host that starts nothing needs no users"
    engine.dispose()
