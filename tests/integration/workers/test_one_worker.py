"""A scan through a dask scheduler and one worker, all in one process, and what is left by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.forking import PIPE, server
from tests.integration.workers.cluster import available
from tests.integration.workers.libraries import left_by, make_library, make_reader

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(available()), reason=available() or "there is dask")]

PROGRAM = """\
import json, sys
from pathlib import Path
import attrs
from distributed import LocalCluster
from viewra.errors import ViewraError
from viewra.host import Host
from viewra.host.installed import discovery
from viewra.host.workers import dask_engine
from viewra.host.workers.choice import parse_engine

discovery.shipped_directory = lambda: None
place = Path(sys.argv[1])
reports = {}
with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp://",
                  host="127.0.0.1") as cluster:
    address = cluster.scheduler_address.removeprefix("tcp://")
    for name, engine in (("data", parse_engine(f"dask://{address}")), ("local", None)):
        with Host(data_dir=place / name, plugin_dirs=[place / "plugins"], watch=False) as host:
            for plugin in host.plugins.values():
                plugin.enable(grant_requested=True)
            host.plugins["reader"].settings.change({"greeting": "hello"})
            reports[name] = attrs.asdict(host.scan(place / "library", engine=engine))
    dask_engine.CONNECT_S = 0.5
    with Host(data_dir=place / "data", plugin_dirs=[place / "plugins"], watch=False) as host:
        for name, text in (("none", "dask://127.0.0.1:1"), ("away", "dask://192.0.2.1:8786")):
            try:
                host.scan(place / "library", full=True, engine=parse_engine(text))
            except ViewraError as error:
                reports[name] = [str(error), error.hint]
print(json.dumps(reports))
"""


@pytest.mark.timeout(200)
def test_a_scan_through_dask_leaves_what_a_local_one_does(tmp_path: Path, quick_hosts: None) -> None:
    make_reader(tmp_path / "plugins")
    make_library(tmp_path / "library", 40, n7="bad", n20="die")
    with server().start(["-c", str(tmp_path)], code=PROGRAM, stdout=PIPE) as process:
        out, _ = process.communicate(timeout=150)
        assert process.wait() == 0
    reports = json.loads(out.splitlines()[-1])
    (worker, read), *others = reports["data"]["workers"].items()
    assert (read, others) == (39, [])
    assert reports["local"]["workers"] == {}
    for name, where in (("data", worker), ("local", "")):
        failures = {(Path(one["path"]).name, one["worker"]) for one in reports[name]["failures"]}
        assert failures == {("n7.mp3", where), ("n20.mp3", where)}
    apart, alone = left_by(tmp_path / "data"), left_by(tmp_path / "local")
    assert set(apart.pop("rows")) ^ set(alone.pop("rows")) == set()
    assert apart == alone
    assert "hello" in str(left_by(tmp_path / "data")["rows"])
    assert "the dask scheduler at tcp://127.0.0.1:1 does not answer" in reports["none"][0]
    assert "without TLS viewra connects to dask schedulers of this machine only" in reports["away"][0]
    assert "--accept-plaintext" in reports["away"][1]
