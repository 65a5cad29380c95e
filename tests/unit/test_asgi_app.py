"""The example of asynchronous code, under the server that it is for."""

from __future__ import annotations

import importlib.util
import json
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest

from tests.eventually import eventually
from viewra import Host, library
from viewra.db import open_database
from viewra.services import ScraperSession
from viewra.types import Result

uvicorn = pytest.importorskip("uvicorn")

APP = Path(__file__).parents[2] / "examples" / "asgi_app" / "app.py"


class NoPlugins:
    """Hooks that no plugin answers."""

    def open_scraper(self) -> list[Result[ScraperSession]]:
        return []


@pytest.fixture
def example(tmp_path: Path, fresh_database: Path) -> ModuleType:
    """The example, on a library of two nameless files."""
    (tmp_path / "music").mkdir()
    for name in ("one song.mp3", "two songs.mp3"):
        (tmp_path / "music" / name).write_text(name)
    (tmp_path / "data").mkdir()
    shutil.copy(fresh_database, tmp_path / "data" / "viewra.db")
    engine = open_database(f"sqlite:///{tmp_path}/data/viewra.db")
    library.scan(engine, NoPlugins(), str(tmp_path / "music"))  # type: ignore[arg-type]
    engine.dispose()
    spec = importlib.util.spec_from_file_location("viewra_example_asgi_app", APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.host = Host(data_dir=tmp_path / "data", exclusive=False)  # type: ignore[attr-defined]
    return module


@pytest.fixture
def ask(example: ModuleType) -> Iterator[Callable[[str], tuple[int, dict[str, object]]]]:
    server = uvicorn.Server(uvicorn.Config(example.app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]

    def get(path: str) -> tuple[int, dict[str, object]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    yield get
    server.should_exit = True
    thread.join(60)
    assert not thread.is_alive()


def test_it_answers(ask: Callable[[str], tuple[int, dict[str, object]]]) -> None:
    status, found = ask("/search?query=song")
    assert (status, found["total"]) == (200, 1)
    assert ask("/search?query=sogn")[1]["did_you_mean"] == "song"
    assert ask("/albums?limit=1") == (200, {"albums": [], "next": None})
    for path in ("/search?query=year:x", "/search", "/albums?after=x", "/albums?limit=many", "/albums?colour=red"):
        assert ask(path)[0] == 400, path
    assert ask(f"/{quote('ä')}")[0] == 404


def test_a_slow_call_holds_up_no_other(
    example: ModuleType, ask: Callable[[str], tuple[int, dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go = threading.Event(), threading.Event()

    def slow(**_: object) -> object:
        inside.set()
        go.wait(30)
        return example.host.library.albums()

    monkeypatch.setattr(type(example.host.library), "albums", lambda self, **_: slow())
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ask("/albums")[0]))
    asking.start()
    assert inside.wait(60)
    assert ask("/search?query=song")[0] == 200
    assert answers == []
    monkeypatch.undo()
    go.set()
    asking.join(60)
    assert answers == [200]
