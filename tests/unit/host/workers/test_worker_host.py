"""What a worker answers for plugins that do not start there, and for code that did not fit on its disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from viewra.errors import PluginUnavailable, ViewraError
from viewra.host.workers import worker_host
from viewra.host.workers.plan import Plan, PlannedPlugin
from viewra.host.workers.worker_host import WorkerHost
from viewra.library.engine import Answer, CodeMissing, Outcomes, Request, Unfit
from viewra.types import FileOutcome, FileToRead, Result


class Session:
    def submit(self, files: tuple[FileToRead, ...]) -> Future[list[FileOutcome]]:
        future: Future[list[FileOutcome]] = Future()
        future.set_result([FileOutcome({"title": "read"}) for _ in files])
        return future


class FakeHost:
    """A worker's host: those plugins start that are in ``starting``."""

    def __init__(self, folder: Path, *starting: str) -> None:
        self.folder, self.starting = folder, starting
        self.hook = SimpleNamespace(open_scraper=self.open_scraper)
        self.opened: list[str] = []

    @property
    def plugins(self) -> Any:
        plugins = {name: self.plugin(self.folder / "plugins" / name) for name in ("one", "two")}
        return type("Registry", (dict,), {"rescan": lambda _: None})(plugins)

    def plugin(self, path: Path) -> Any:
        def nothing(*_: object, **__: object) -> None: ...

        settings = SimpleNamespace(change=nothing)
        stats = SimpleNamespace(host_calls={})
        return SimpleNamespace(path=path, settings=settings, runtime_settings=settings, enable=nothing, stats=stats)

    def open_scraper(self) -> list[Any]:
        there = [one.name for one in (self.folder / "plugins").iterdir() if one.is_symlink()]
        self.opened += there
        return [
            Result(one, Session()) if one in self.starting else Result(one, error=PluginUnavailable(one, "no libmedia"))
            for one in sorted(there)
        ]


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., WorkerHost]:
    """A worker to which all code has to be sent."""
    (tmp_path / "plugins").mkdir()

    def unpack(code: bytes, directory: Path, _expected: str) -> None:
        directory.mkdir(parents=True)
        if code == b"too much":
            raise OSError(28, "No space left on device")

    def made(*starting: str) -> WorkerHost:
        planned = tuple(PlannedPlugin(one, "v1", (), {}, {}) for one in ("one", "two"))
        one = WorkerHost(Plan("scan", version("viewra"), planned, str(tmp_path), {}), "nas-1")
        one._host = FakeHost(tmp_path, *starting)  # type: ignore[assignment]
        one._folder = tmp_path
        return one

    monkeypatch.setattr(worker_host, "unpack", unpack)
    return made


def asked(worker: WorkerHost, plugin_id: str, code: bytes | None = b"code") -> Answer:
    return worker.read(Request("scan", plugin_id, "v1", (FileToRead("/srv/a.mp3", "audio/mpeg"),), code))


def test_a_plugin_that_does_not_start_is_no_matter_of_another(worker: Callable[..., WorkerHost]) -> None:
    one = worker("two")
    for code in (b"code", None):
        answer = asked(one, "one", code)
        assert isinstance(answer, Unfit)
        assert "no libmedia" in answer.reason
    assert isinstance(asked(one, "two"), Outcomes)
    assert isinstance(asked(one, "two", None), Outcomes)


def test_code_that_did_not_fit_is_taken_when_there_is_room(worker: Callable[..., WorkerHost]) -> None:
    one = worker("one", "two")
    for _ in range(2):
        answer = asked(one, "one", b"too much")
        assert isinstance(answer, Unfit)
        assert "No space left on device" in answer.reason
    assert asked(one, "one", None) == CodeMissing("nas-1")
    assert isinstance(asked(one, "one"), Outcomes)


def test_code_is_taken_again_after_settings_were_refused(
    worker: Callable[..., WorkerHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, take_up = worker("one"), WorkerHost._take_up

    def refuse(*_: object) -> None:
        raise ViewraError("the setting key is no number")

    monkeypatch.setattr(WorkerHost, "_take_up", refuse)
    for _ in range(2):
        answer = asked(one, "one")
        assert isinstance(answer, Unfit)
        assert "is no number" in answer.reason
    monkeypatch.setattr(WorkerHost, "_take_up", take_up)
    assert isinstance(asked(one, "one"), Outcomes)
