"""Authors take the events of scans one by one or several at a time, in this process and over gRPC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import pytest

from viewra.batch import on_scan_events
from viewra.codec.scanner_hook import ON_SCAN_EVENTS
from viewra.sdk import Plugin
from viewra.testing import PluginUnderTest, in_process, loopback
from viewra.types import ScanEvent, ScanEventKind, ScanEvents

EVENTS = [
    ScanEvent(ScanEventKind.STARTED, 1, 1, library_path="/music"),
    *(ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=n, file_path=f"/music/{n}.mp3") for n in range(1, 6)),
    ScanEvent(ScanEventKind.COMPLETED, 1, 1, stats={"seen": "5"}),
]
"""What a scan of five files tells."""


class Singly(Plugin):
    """Hears events one by one, as all plugins did once."""

    def __init__(self) -> None:
        self.calls: list[Sequence[object]] = []

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        self.calls.append(["started", library_path])

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        self.calls.append(["file", media_file_id])

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        self.calls.append(["completed", dict(stats)])


class Together(Singly):
    """Hears several at a time, and refuses those with the file ``bad``."""

    def __init__(self, bad: int = 0) -> None:
        super().__init__()
        self.bad = bad

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        self.calls.append([event.media_file_id for event in events])
        if self.bad and self.bad in [event.media_file_id for event in events]:
            raise ValueError(f"file {self.bad} is not to its liking")


def test_events_come_one_by_one_unless_the_author_takes_them_together() -> None:
    singly, together = Singly(), Together()
    assert on_scan_events(singly, EVENTS) == on_scan_events(together, EVENTS) == [""] * 7
    assert singly.calls == [["started", "/music"], *(["file", n] for n in range(1, 6)), ["completed", {"seen": "5"}]]
    assert together.calls == [[0, 1, 2, 3, 4, 5, 0]]


def test_the_event_that_fails_among_several_is_found() -> None:
    plugin = Together(bad=3)
    answers = on_scan_events(plugin, EVENTS)
    assert answers[:3] == [""] * 3
    assert "file 3" in answers[3]
    assert all(answers[4:])
    assert plugin.calls == [[0, 1, 2, 3, 4, 5, 0], [0], [1], [2], [3]]


@pytest.mark.parametrize("run", [in_process, loopback])
def test_both_forms_are_called_through_a_host(run: Callable[..., AbstractContextManager[PluginUnderTest]]) -> None:
    plugin = Together()
    with run(plugin) as under_test:
        assert under_test.scanner_hook is not None
        under_test.endpoint.call(ON_SCAN_EVENTS, EVENTS)
        under_test.scanner_hook.on_media_file_scanned(9, "/music/9.mp3", {})
    assert plugin.calls == [[0, 1, 2, 3, 4, 5, 0], ["file", 9]]


def test_what_several_listeners_get_is_encoded_once() -> None:
    events = ScanEvents(EVENTS)
    request = ON_SCAN_EVENTS.arguments(events)
    assert ON_SCAN_EVENTS.arguments(events) is request
    (decoded,) = ON_SCAN_EVENTS.parse_arguments(request)
    assert decoded == EVENTS
    assert ON_SCAN_EVENTS.arguments(EVENTS) == request
