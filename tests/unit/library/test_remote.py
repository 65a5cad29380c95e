"""Sessions whose batches an engine reads, with an engine in this process that does what a test says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from viewra.errors import PluginFault, PluginTimeout, PluginUnavailable, ViewraError
from viewra.library.engine import Answer, CodeMissing, Failed, HostNeeded, Outcomes, PathMap, Request, Unfit
from viewra.library.remote import MOST_TURNS, RemoteSession, Workers
from viewra.text import encodable
from viewra.types import FileOutcome, FileToRead


class Engine:
    """Answers at once with what ``answer`` makes of a request; what that raises is the future's error."""

    slots = 3

    def __init__(self, answer: Callable[[Request], Answer] | None) -> None:
        self.requests: list[Request] = []
        self.avoided: list[str] = []
        self.futures: list[Future[Any]] = []
        self._answer = answer

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        (request,) = arguments
        self.requests.append(request)
        future: Future[Any] = Future()
        self.futures.append(future)
        if self._answer is not None:
            try:
                future.set_result(self._answer(request))
            except Exception as error:
                future.set_exception(error)
        return future

    def avoid(self, worker: str, reason: str) -> None:
        self.avoided.append(worker)


class Local:
    """The session of the host's own plugin."""

    plugin_id, code_hash, batch_size, window = "tags", "v1", 4, 2
    priority: Mapping[str, int] = MappingProxyType({"title": 3})

    def __init__(self) -> None:
        self.submitted: list[list[str]] = []

    def wants(self, mime_type: str) -> bool:
        return mime_type.startswith("audio/")

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        self.submitted.append([file.file_path for file in files])
        future: Future[Sequence[FileOutcome]] = Future()
        future.set_result([FileOutcome({"title": "read here"}) for _ in files])
        return future


FILES = [FileToRead("/srv/music/a.mp3", "audio/mpeg"), FileToRead("/srv/music/b.mp3", "audio/mpeg")]


def read_all(request: Request, worker: str = "nas-1") -> Outcomes:
    return Outcomes(worker, tuple(FileOutcome({"title": file.file_path}) for file in request.files), 0.01)


def session_of(
    answer: Callable[[Request], Answer] | None,
    *,
    packed: Callable[[str], bytes] = lambda _plugin_id: b"code",
    folders: Mapping[str, str] | None = None,
) -> tuple[RemoteSession, Engine, Local, Counter[str]]:
    engine, local, read = Engine(answer), Local(), Counter[str]()
    workers = Workers(engine, lambda request: read_all(request), "scan", PathMap(folders or {}), packed, read)
    return RemoteSession(local, workers), engine, local, read


def error_of(future: Future[Any]) -> PluginUnavailable:
    error = future.exception(timeout=60)
    assert isinstance(error, PluginUnavailable)
    return error


def test_outcomes_come_back_with_the_number_of_files_by_worker() -> None:
    session, engine, _, read = session_of(read_all)
    assert (session.plugin_id, session.code_hash, session.priority["title"]) == ("tags", "v1", 3)
    assert session.window == 2 * Engine.slots
    assert session.wants("audio/mpeg")
    assert not session.wants("image/png")
    outcomes = session.submit(FILES).result(timeout=60)
    assert [outcome.metadata for outcome in outcomes] == [{"title": file.file_path} for file in FILES]
    assert engine.requests == [Request("scan", "tags", "v1", tuple(FILES))]
    assert read == {"nas-1": 2}


def test_batches_grow_with_what_workers_read_in_a_quarter_of_a_second() -> None:
    session, _, _, _ = session_of(read_all)
    first = session.batch_size
    session.submit([FileToRead(f"/srv/music/{number}.mp3") for number in range(first)]).result(timeout=60)
    assert session.batch_size == 2 * first


def test_workers_get_their_own_paths_and_errors_name_those_of_the_host() -> None:
    def fail(request: Request) -> Outcomes:
        errors = (FileOutcome(error=f"{request.files[0].file_path} is odd"), FileOutcome({}))
        return Outcomes("nas-2", errors, 0.01)

    session, engine, _, _ = session_of(fail, folders={"/srv": "/elsewhere", "/srv/music": "/mnt/nas"})
    first, second = session.submit(FILES).result(timeout=60)
    assert [file.file_path for file in engine.requests[0].files] == ["/mnt/nas/a.mp3", "/mnt/nas/b.mp3"]
    assert (first.error, first.worker, second.worker) == ("/srv/music/a.mp3 is odd", "nas-2", "")


def test_errors_name_files_of_the_host_whose_names_are_not_utf8() -> None:
    def fail(request: Request) -> Outcomes:
        return Outcomes("nas-2", (FileOutcome(error=f"{encodable(request.files[0].file_path)} is odd"),), 0.01)

    session, _, _, _ = session_of(fail, folders={"/srv": "/mnt"})
    (outcome,) = session.submit([FileToRead("/srv/\udcff.mp3", "audio/mpeg")]).result(timeout=5)
    assert outcome.error == "/srv/\\udcff.mp3 is odd"


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/srv/music", "/mnt/nas"),
        ("/srv/music/a", "/mnt/nas/a"),
        ("/srv/musical/a", "/srv/musical/a"),
        ("/other", "/other"),
        ("/all/a", "/a"),
        ("/all", "/"),
    ],
)
def test_paths_are_mapped_by_whole_folders(path: str, there: str) -> None:
    assert PathMap({"/srv/music/": "/mnt/nas", "/all": "/"}).there(path) == there


def test_folders_that_have_nothing_to_do_with_a_library_are_told() -> None:
    paths = PathMap({"/srv": "/a", "/srv/music/rock": "/b", "/srv/musik": "/c", "/srv/mus": "/d"})
    assert sorted(paths.strangers("/srv/music")) == ["/srv/mus", "/srv/musik"]
    assert PathMap({"/": "/mnt"}).strangers("/srv/music") == []
    assert PathMap({"/srv": "/mnt"}).strangers("/") == []


def test_a_worker_without_the_code_gets_it() -> None:
    def lacks(request: Request) -> Answer:
        return read_all(request) if request.code == b"code" else CodeMissing("nas-1")

    session, engine, _, _ = session_of(lacks)
    assert len(session.submit(FILES).result(timeout=60)) == 2
    assert [request.code for request in engine.requests] == [None, b"code"]
    assert not engine.avoided


def test_code_that_cannot_be_sent_is_said_to_be_missing_there() -> None:
    def refuse(_plugin_id: str) -> bytes:
        raise ViewraError("it has more than 32 MB")

    session, engine, _, _ = session_of(lambda _request: CodeMissing("nas-1"), packed=refuse)
    error = error_of(session.submit(FILES))
    assert "nas-1" in error.message
    assert "more than 32 MB" in error.message
    assert not error.in_call
    assert set(engine.avoided) == {"nas-1"}


def test_what_one_worker_cannot_read_goes_to_another() -> None:
    answers: list[Answer] = [Unfit("nas-1", "has no such folder")]
    session, engine, _, read = session_of(lambda request: answers.pop() if answers else read_all(request, "nas-2"))
    assert len(session.submit(FILES).result(timeout=60)) == 2
    assert engine.avoided == ["nas-1"]
    assert read == {"nas-2": 2}


def test_what_no_worker_can_read_is_left_to_the_next_scan() -> None:
    session, engine, _, _ = session_of(lambda _request: Unfit("nas-1", "has no such folder"))
    error = error_of(session.submit(FILES))
    assert (error.message, error.worker) == ("the worker nas-1 has no such folder", "nas-1")
    assert not error.in_call  # it is no file's fault
    assert len(engine.requests) == MOST_TURNS


def test_a_file_that_only_the_worker_does_not_see_is_no_file_with_an_error(tmp_path: Path) -> None:
    there = tmp_path / "a.mp3"
    there.touch()
    files = [FileToRead(str(there)), FileToRead(str(tmp_path / "deleted.mp3"))]

    def absent(request: Request) -> Outcomes:
        numbers = (0, 1) if len(request.files) > 1 else (0,)
        return Outcomes("nas-1", tuple(FileOutcome(error="no such file") for _ in request.files), 0.01, numbers)

    session, engine, _, _ = session_of(absent)
    assert f"does not see {there}" in error_of(session.submit(files)).message
    assert engine.avoided
    (outcome,) = session.submit(files[1:]).result(timeout=60)  # deleted since the walk: the scan knows what to do
    assert outcome.error == "no such file"


@pytest.mark.parametrize("error", [PluginTimeout("tags", "no answer"), PluginFault("tags", "odd")])
def test_a_plugins_failure_is_that_of_the_batch_with_the_workers_name(error: Exception) -> None:
    assert isinstance(error, PluginTimeout | PluginFault)
    session, _, _, _ = session_of(lambda _request: Failed("nas-3", error))
    failure = session.submit(FILES).exception(timeout=60)
    assert failure is error
    assert error.worker == "nas-3"


def test_a_batch_that_several_workers_died_of_may_have_killed_them() -> None:
    def die(_request: Request) -> Answer:
        raise BrokenExecutor("3 workers died")

    session, _, _, _ = session_of(die)
    error = error_of(session.submit(FILES))
    assert error.in_call  # so that its files are read one by one
    assert error.message == "3 workers died"


def test_an_engine_without_workers_makes_the_plugin_unavailable() -> None:
    def nobody(_request: Request) -> Answer:
        raise ViewraError("there are no workers")

    session, _, _, _ = session_of(nobody)
    error = error_of(session.submit(FILES))
    assert (error.message, error.in_call) == ("there are no workers", False)


def test_a_plugin_that_asks_for_the_hosts_data_is_read_here_from_then_on() -> None:
    session, engine, local, read = session_of(lambda _request: HostNeeded("nas-1", "kv.get"))
    for _ in range(2):
        assert [one.metadata for one in session.submit(FILES).result(timeout=60)] == [{"title": "read here"}] * 2
    assert len(engine.requests) == 1
    assert len(local.submitted) == 2
    assert not read
    assert (session.window, session.batch_size) == (local.window, local.batch_size)


def test_a_batch_that_is_cancelled_is_cancelled_with_the_engine() -> None:
    session, engine, _, _ = session_of(None)
    future = session.submit(FILES)
    assert future.cancel()
    assert engine.futures[0].cancelled()


def test_a_late_answer_to_a_cancelled_batch_is_ignored() -> None:
    session, engine, _, read = session_of(None)
    future = session.submit(FILES)
    engine.futures[0].set_running_or_notify_cancel()
    future.cancel()
    engine.futures[0].set_result(read_all(engine.requests[0]))
    assert future.cancelled()
    assert not read


def test_an_engine_that_refuses_work_ends_the_batch() -> None:
    session, engine, _, _ = session_of(read_all)

    def refuse(function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        raise ViewraError("closed")

    engine.submit = refuse  # type: ignore[method-assign]
    assert "could not be handed over: closed" in error_of(session.submit(FILES)).message
