"""Hosts with a faulty plugin, and calls to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.conftest import States
from viewra import Host
from viewra.errors import PluginError
from viewra.types import PluginState

MakePlugin = Callable[..., Path]


OFTEN = "restart: max: 100"


ENDING_S = 60.0
"""What a closing host may take at most: half of the time for which the starts that it does not wait for would hang."""


@contextmanager
def running(tmp_path: Path, states: States | None = None, *, watch: bool = False) -> Iterator[Host]:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=watch) as host:
        if states is not None:
            host.pm.register(states)
        for plugin in host.plugins.values():
            if (
                plugin.path is not None
                and plugin.path.parent == tmp_path / "plugins"
                and plugin.state is PluginState.DISABLED
            ):
                plugin.enable(grant_requested=True)
        yield host


def ask(host: Host, what: str = "", plugin_id: str = "p") -> int:
    """The pid of the process that answers."""
    search = host.plugins[plugin_id].search
    assert search is not None
    return int(search.search({"q": what}, 1, 0).results[0].title)


def errors_of(host: Host, what: str) -> dict[str, PluginError | None]:
    results = host.hook.search(query={"q": what}, limit=1, offset=0)
    return {result.plugin_id: result.error for result in results}


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[list[BaseException | None]]:
    """Do something meanwhile; afterwards the list has what it raised, or None."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    thread = threading.Thread(target=run)
    thread.start()
    yield ended
    thread.join(60)
    assert not thread.is_alive()


def closed_within(host: Host, seconds: float) -> None:
    began_at = time.monotonic()
    host.close()
    assert time.monotonic() - began_at < seconds


def change(directory: Path, version: int) -> None:
    """Another version of the code, written as an editor does."""
    text = (directory / "main.py").read_text()
    draft = directory / f"main.py.{version}.tmp"
    draft.write_text(
        text.replace(next(line for line in text.split("\n") if line.startswith("VERSION")), f"VERSION = {version}")
    )
    draft.replace(directory / "main.py")
