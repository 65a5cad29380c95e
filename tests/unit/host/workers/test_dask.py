"""What becomes of workers of a dask cluster that hang, lack viewra, come and go, with a cluster that is none.

All of it is in one file, since importing dask takes a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.eventually import eventually
from viewra.errors import UsageError, ViewraError
from viewra.host.workers import reading
from viewra.host.workers.choice import TLS, EngineChoice
from viewra.host.workers.plan import Plan
from viewra.library.engine import Outcomes, Request, Unfit

pytest.importorskip("distributed", reason="dask is not installed: pip install 'viewra[dask]'")

from tests.unit.host.workers.dask_fakes import LIMIT_S, FakeCluster, FakeWorker, plan_of
from viewra.host.workers import dask_engine, dask_worker
from viewra.host.workers.dask_connection import Connection
from viewra.host.workers.dask_members import Members
from viewra.host.workers.dask_security import security_of
from viewra.host.workers.dask_worker import ViewraScheduler, ViewraWorker

# ---- on a worker, and at the scheduler ----


def arrived(plan: Plan, name: str) -> ViewraWorker:
    """The plugin of a connection as a worker gets it."""
    plugin: ViewraWorker = pickle.loads(pickle.dumps(ViewraWorker(name, plan)))
    return plugin


def reads(scan: str) -> bool:
    """Whether this process reads for a scan, as a worker."""
    answer = reading.read(Request(scan, "reader", "v1", ()))
    return not (isinstance(answer, Unfit) and "does not know of this scan" in answer.reason)


def test_a_worker_reads_from_the_begin_of_a_connection_to_its_end() -> None:
    worker: Any = FakeWorker()
    assert asyncio.run(dask_worker.begin(arrived(plan_of(scan="one"), "one-1"), worker)) == ""
    assert reads("one")
    asyncio.run(dask_worker.end("one-1", worker))
    assert not reads("one")
    assert worker.plugins == {}


def test_a_worker_goes_on_when_the_connection_before_ends() -> None:
    worker: Any = FakeWorker()
    for name in ("two-1", "two-2"):
        assert asyncio.run(dask_worker.begin(arrived(plan_of(scan="two"), name), worker)) == ""
    asyncio.run(dask_worker.end("two-1", worker))
    assert reads("two")
    asyncio.run(dask_worker.end("two-2", worker))
    assert not reads("two")


def test_a_worker_that_hears_of_the_end_first_does_not_begin() -> None:
    worker: Any = FakeWorker()
    asyncio.run(dask_worker.end("three-1", worker))
    assert asyncio.run(dask_worker.begin(arrived(plan_of(scan="three"), "three-1"), worker)) == "the scan is over"
    assert not reads("three")


def test_a_worker_that_ends_while_it_begins_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin, begin = arrived(plan_of(scan="four"), "four-1"), reading.begin

    def slowly(plan: Plan, worker: str) -> Any:
        plugin._end()
        return begin(plan, worker)

    monkeypatch.setattr(reading, "begin", slowly)
    assert asyncio.run(dask_worker.begin(plugin, cast("Any", FakeWorker()))) == ""
    assert not reads("four")


def test_a_worker_with_another_version_says_so_before_it_unpickles_the_plan() -> None:
    plugin = arrived(plan_of("0.0.0"), "five-1")
    plugin._sealed = b"from another version"
    answer = asyncio.run(dask_worker.begin(plugin, cast("Any", FakeWorker())))
    assert answer == (f"viewra {version('viewra')} is installed there, and the scanning host has 0.0.0")


def test_a_plan_that_is_not_understood_is_no_exception_with_secrets() -> None:
    plugin = arrived(plan_of(), "six-1")
    plugin._sealed = b"no pickle"
    assert "does not understand the plan" in asyncio.run(dask_worker.begin(plugin, cast("Any", FakeWorker())))
    assert "secret" not in repr(plugin)


def test_a_scheduler_ends_at_workers_what_a_client_began_that_is_gone() -> None:
    sent: list[dict[str, Any]] = []
    removed: list[str] = []

    async def broadcast(*, msg: dict[str, Any], on_error: str) -> None:
        assert on_error == "ignore"
        sent.append(msg)

    async def lose(*clients: str) -> None:
        for client in clients:
            plugin.remove_client(cast("Any", scheduler), client)
        await asyncio.sleep(0)

    scheduler = SimpleNamespace(broadcast=broadcast, remove_plugin=removed.append)
    plugin = pickle.loads(pickle.dumps(ViewraScheduler("seven-1", "Client-7")))
    asyncio.run(lose("Client-8"))
    assert (sent, removed) == ([], [])
    asyncio.run(lose("Client-7"))
    assert removed == ["seven-1"]
    assert (pickle.loads(sent[0]["function"]), pickle.loads(sent[0]["args"])) == (dask_worker.end, ("seven-1",))


# ---- on the scanning host ----


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    one = FakeCluster()
    yield one
    one.over()


@pytest.fixture
def another() -> Iterator[FakeCluster]:
    one = FakeCluster()
    yield one
    one.over()


@pytest.fixture
def members(cluster: FakeCluster) -> Members:
    return Members(cast("Connection", cluster), ViewraWorker("name", plan_of()), threading.Event())


def look(members: Members, until: Callable[[], object]) -> None:
    """Look at the cluster until that is so."""

    def seen() -> object:
        members.look()
        return until()

    eventually(seen)


def test_a_worker_that_answers_is_fit_and_no_other(cluster: FakeCluster, members: Members) -> None:
    cluster.workers = {"tcp://1": "nas-1", "tcp://2": "nas-2", "tcp://3": "nas-3", "tcp://4": "nas-4"}
    cluster.answers = {
        "tcp://2": Exception("ModuleNotFoundError(\"No module named 'viewra'\")"),
        "tcp://3": OSError("it hangs"),
        "tcp://4": "viewra 0.0.0 is installed there",
    }
    look(members, lambda: len(cluster.asked) > 6 and members.complaints.count("nas") == 2)
    assert members.fit == {"tcp://1"}
    assert members.slots == 2
    assert "nas-2: viewra is not installed there" in members.complaints
    assert "nas-4: viewra 0.0.0 is installed there" in members.complaints
    assert set(cluster.asked[4:]) == {"tcp://3"}, "one that cannot be reached is asked again, and only that"
    assert not members.none_can
    cluster.answers = {}
    look(members, lambda: members.fit == {"tcp://1", "tcp://3"})


def test_there_is_no_waiting_if_all_workers_cannot(cluster: FakeCluster, members: Members) -> None:
    assert not members.none_can
    cluster.workers = {"tcp://1": "nas-1"}
    cluster.answers = {"tcp://1": "no"}
    look(members, lambda: members.none_can)
    cluster.workers = {}
    look(members, lambda: not members.none_can)
    assert members.complaints == ""


def test_a_worker_that_is_avoided_is_used_if_it_is_the_only_one(cluster: FakeCluster, members: Members) -> None:
    cluster.workers = {"tcp://1": "nas-1", "tcp://2": "nas-2"}
    look(members, lambda: len(members.fit) == 2)
    members.avoid("nas-1", "does not see the files")
    assert members.fit == {"tcp://2"}
    cluster.workers = {"tcp://1": "nas-1"}
    look(members, lambda: members.fit == {"tcp://1"})


@pytest.fixture
def engine(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[dask_engine.DaskEngine]:
    monkeypatch.setattr(dask_engine, "LOOK_S", 0.01)
    monkeypatch.setattr(dask_engine, "Connection", lambda *_: cluster)
    cluster.workers = {"tcp://1": "nas-1", "tcp://2": "nas-2"}
    with contextlib.closing(opened()) as one:
        yield one


def opened(cancel: threading.Event | None = None) -> dask_engine.DaskEngine:
    return dask_engine.DaskEngine(plan_of(), EngineChoice(0, "127.0.0.1", 8786), cancel or threading.Event())


def test_work_is_handed_over_anew_when_the_workers_that_may_do_it_are_gone(
    engine: dask_engine.DaskEngine, cluster: FakeCluster
) -> None:
    eventually(lambda: engine.slots == 4)
    engine.avoid("nas-1", "does not see the files")
    done = engine.submit(reading.read, "a request")
    assert cluster.tasks[-1].workers == ["tcp://2"]
    cluster.workers = {"tcp://1": "nas-1", "tcp://3": "nas-3"}  # dask would wait for the one that is gone
    eventually(lambda: len(cluster.tasks) == 2)
    assert cluster.tasks[0].cancelled
    assert set(cluster.tasks[1].workers) <= {"tcp://1", "tcp://3"}
    cluster.tasks[1].done.set_result("read")
    assert done.result(LIMIT_S) == "read"


def test_work_waits_for_a_worker_for_a_while(
    engine: dask_engine.DaskEngine, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.workers = {}
    eventually(lambda: engine.slots == 1)
    waiting = engine.submit(reading.read, "a request")
    assert cluster.tasks == []
    cluster.workers = {"tcp://9": "nas-9"}
    eventually(lambda: cluster.tasks)
    cluster.workers = {}
    monkeypatch.setattr(dask_engine, "PATIENCE_S", 0.05)
    assert "has no workers that answer" in str(waiting.exception(LIMIT_S))
    with pytest.raises(ViewraError, match="has no workers"):
        engine.submit(reading.read, "another")


def test_work_that_is_cancelled_is_cancelled_there_and_workers_are_told_of_the_end(
    engine: dask_engine.DaskEngine, cluster: FakeCluster
) -> None:
    eventually(lambda: engine.slots == 4)
    one, two = (engine.submit(reading.read, "a request") for _ in range(2))
    assert one.cancel()
    eventually(lambda: cluster.tasks[0].cancelled)
    engine.close()
    assert two.cancelled()
    assert [sorted(told) for told in cluster.ended] == [["tcp://1", "tcp://2"]]
    assert cluster.closed


def test_a_scheduler_that_hangs_is_connected_to_anew(
    another: FakeCluster, cluster: FakeCluster, engine: dask_engine.DaskEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventually(lambda: engine.slots == 4)
    done = engine.submit(reading.read, "a request")
    other = another
    other.workers = {"tcp://5": "nas-5"}
    monkeypatch.setattr(dask_engine, "Connection", lambda *_: other)
    cluster.hang = True
    eventually(lambda: other.tasks)
    assert (cluster.closed, other.tasks[0].workers) == (True, ["tcp://5"])
    other.tasks[0].done.set_result(Outcomes("nas-5", (), 0.0))
    assert done.result(LIMIT_S).worker == "nas-5"


def test_a_cancelled_scan_does_not_wait_for_workers(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_engine, "Connection", lambda *_: cluster)
    cancel = threading.Event()
    cancel.set()
    with contextlib.closing(opened(cancel)) as one:
        assert one.slots == 1


def test_workers_of_which_none_can_read_are_named_at_once(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "Connection", lambda *_: cluster)
    cluster.workers = {"tcp://1": "nas-1"}
    cluster.answers = {"tcp://1": "viewra 0.0.0 is installed there"}
    with pytest.raises(ViewraError, match=r"no workers that can read: nas-1: viewra 0\.0\.0 is installed there"):
        opened()
    assert cluster.closed


def test_a_scheduler_that_accepts_and_says_nothing_is_given_up(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ViewraError, match="does not answer"):
        Connection(f"tcp://127.0.0.1:{silent.getsockname()[1]}", None, 0.1, "name")
    eventually(lambda: {one for one in threading.enumerate() if one.name == "dask"} <= before)


def test_files_that_are_no_certificates_are_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    choice = EngineChoice(0, "127.0.0.1", 8786, TLS(str(file), str(file), str(file)))
    with pytest.raises(UsageError, match=r"TLS cannot be used with .*ca\.pem"):
        security_of(choice)
