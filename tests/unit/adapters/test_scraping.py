"""The files of one batch, each in a call of its own, for a plugin that takes no batches."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from viewra.adapters._scraping import ScrapingSession
from viewra.errors import PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.types import FileOutcome, FileToRead


class Endpoint:
    """An endpoint that answers each file by what it is told."""

    plugin_id, code_hash, lanes, priority = "tags", "h", 1, {"duration": 10}

    def __init__(self, errors: dict[str, PluginError]) -> None:
        self.errors = errors

    def serves(self, _rpc: object) -> bool:
        return False

    def start(self, _rpc: object, path: str) -> Future[object]:
        future: Future[object] = Future()
        if path in self.errors:
            future.set_exception(self.errors[path])
        else:
            future.set_result({"title": path})
        return future


def read(errors: dict[str, PluginError], *paths: str) -> Future[Sequence[FileOutcome]]:
    session = ScrapingSession(Endpoint(errors), ("audio/*",), batches=False)  # type: ignore[arg-type]
    return session.submit([FileToRead(path) for path in paths])


def test_what_the_plugin_says_of_one_file_is_that_files_alone() -> None:
    good, bad = read({"b": PluginFault("tags", "broken")}, "a", "b").result()
    assert (good.metadata, bad.error) == ({"title": "a"}, "broken")


@pytest.mark.parametrize("error", [PluginTimeout("tags", "no answer"), PluginUnavailable("tags", "gone", in_call=True)])
def test_a_call_that_is_not_answered_says_nothing_of_its_file(error: PluginError) -> None:
    """One call that keeps Python's lock holds up all the others: only reading alone can tell whose fault it is."""
    with pytest.raises(type(error)):
        read({"a": error, "b": error}, "a", "b", "c").result()


def test_a_session_has_the_priorities_of_the_manifest() -> None:
    assert ScrapingSession(Endpoint({}), (), batches=False).priority == {"duration": 10}  # type: ignore[arg-type]
