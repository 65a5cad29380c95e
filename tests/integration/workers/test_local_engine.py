"""A scan whose files a process of this machine reads, with a plugin host of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.conftest import MakePlugin
from tests.integration.workers.cluster import gone
from tests.integration.workers.libraries import left_by, make_library, make_reader
from viewra import Host
from viewra.host.workers.choice import EngineChoice
from viewra.library import ScanProgress

ASKER = """
    from viewra.sdk import Plugin, serve

    class Asker(Plugin):
        def get_supported_types(self):
            return ["audio/*"]

        def can_handle(self, file_path, mime_type):
            return True

        def extract_metadata(self, file_path):
            self.host.kv.set("last", "read")
            return {"comment": "asked"}

    serve(Asker())
"""


@pytest.fixture(autouse=True)
def _quick_hosts(quick_hosts: None) -> None:
    """The scanning hosts start from a database that is migrated."""


@pytest.mark.process
@pytest.mark.skipif(not os.environ.get("VIEWRA_TEST_CLUSTER"), reason="VIEWRA_TEST_CLUSTER is not set")
@pytest.mark.timeout(300)
def test_a_process_reads_as_the_host_does_and_is_replaced_when_it_is_killed(
    tmp_path: Path, make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    make_reader(tmp_path / "plugins", pause_s=0.005)
    make_plugin("asker", ASKER)
    library = make_library(tmp_path / "library", 60, n7="bad", n20="die")
    killed: list[int] = []

    def kill_once(progress: ScanProgress) -> None:
        if progress.workers and not killed:
            (name,) = progress.workers
            killed.append(int(name.partition(":")[2]))
            below = [one.pid for one in psutil.Process(killed[0]).children(recursive=True)]
            assert below
            os.kill(killed[0], signal.SIGKILL)
            gone(below)

    left = {}
    with Host(data_dir=tmp_path / "data", plugin_dirs=[tmp_path / "plugins"], watch=False) as host:
        for plugin in host.plugins.values():
            plugin.enable(grant_requested=True)
        host.plugins["reader"].settings.change({"greeting": "hello"})
        for engine in (EngineChoice(1), None):
            report = host.scan(library, full=True, engine=engine, progress=kill_once if engine else None)
            assert report.status == "completed"
            assert {Path(one.path).name for one in report.failures} == {"n7.mp3", "n20.mp3"}
            assert all(one.worker.startswith("local:") == (engine is not None) for one in report.failures)
            left[engine is None] = left_by(tmp_path / "data")
            if engine is not None:
                assert len(killed) == 1
                assert killed[0] not in {int(name.partition(":")[2]) for name in list(report.workers)[1:]}
                assert sum(report.workers.values()) == 59  # what asks for the host's data is read by the host
                assert host.plugins["asker"].stats.host_calls["kv.set"].calls >= 60
    assert "hello" in str(left[True]["rows"])
    assert left[False] == left[True]
    assert not psutil.pid_exists(killed[0])
    assert not list((tmp_path / "tmp").glob("viewra-worker-*")), "a worker has left its data directory"
