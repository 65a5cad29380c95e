"""Defines the class that the host calls: it enqueues messages for each address, and sends them as tasks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from viewra.errors import PermissionDenied, UsageError, ViewraError
from viewra.sdk import Plugin
from viewra.types import Event, Fetched, Later, LibraryEvent, NewTask, ScanEvent, ScanEventKind, Task

from .bodies import batches, changed, message, scanned, written

TIMEOUT_S = 20.0
"""Seconds that a server may take."""
MAX_ANSWER_BYTES = 64 * 1024
_AGAIN = frozenset({408, 425, 429})
"""Refusals that may pass."""
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 3600.0
_PATIENCE_S = 24 * 3600.0
"""Seconds after which a server can no longer put a message off by saying when to come again."""
_URL = re.compile(r"(?i)https?://\S+")
_SIGNATURE = "sha256={hmac-sha256:secret}"
_TEST = "test"
_SHOWN_OF_URL = 300  # characters of a URL in the errors of viewra


class NotifyWebhook(Plugin):
    """Sends messages to the addresses of its settings."""

    # ---- what happens ----

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Nothing: what a scan found is told at its end."""
        del scan_job_id, library_id, library_path

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Tell of a file."""
        self.on_scan_events([ScanEvent(ScanEventKind.FILE, 0, 0, "", media_file_id, file_path, metadata)])

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Tell that a scan has ended."""
        if self.settings.scans:
            data = {"scan": scan_job_id, "library": library_id, "stats": dict(stats)}
            self._enqueue([message("scan.completed", data, time.time())])

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """As the methods for one notification, with many files in one message."""
        files = [scanned(event) for event in events if event.kind is ScanEventKind.FILE]
        self._tell("files.scanned", files)
        for event in events:
            if event.kind is ScanEventKind.COMPLETED:
                self.on_scan_completed(event.scan_job_id, event.library_id, event.stats)

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Tell what became of known files."""
        self._tell("files.changed", map(changed, events))

    def on_event(self, event: Event) -> None:
        """Tell what is played."""
        if self.settings.playback:
            data = {"source": event.source, "data": event.data}
            self._enqueue([message(event.name, data, event.published_at / 1_000_000 or time.time())])

    def _tell(self, event: str, files: Iterable[dict[str, Any]]) -> None:
        if self.settings.files:
            now = time.time()
            self._enqueue([message(event, {"files": batch}, now) for batch in batches(files)])

    def _enqueue(self, messages: Iterable[dict[str, Any]]) -> None:
        self.host.tasks.enqueue_many(
            [
                NewTask("send", {"to": name, "message": one}, key=f"{name} {one['id']}")
                for one in messages
                for name in self.settings.urls
            ]
        )

    # ---- sending ----

    def on_settings_changed(self) -> None:
        """Use other addresses from now on."""

    def execute_task(self, task: Task) -> Later | None:
        """Send one message; ``test`` sends one to every address."""
        if task.name == _TEST:
            self._enqueue([message(_TEST, {"says": "viewra reaches this address"}, time.time())])
            return None
        data: Any = task.data
        url = self.settings.urls.get(data["to"])
        if url is None:  # it was removed from the settings
            return None
        return self._judged(data["to"], data["message"], self._sent(data["to"], url, data["message"]))

    def _sent(self, name: str, url: str, said: Mapping[str, Any]) -> Fetched:
        headers = {
            "Content-Type": "application/json",
            "X-Viewra-Event": str(said["event"]),
            "X-Viewra-Delivery": str(said["id"]),
            **({"X-Viewra-Signature-256": _SIGNATURE} if self.settings.sign else {}),
        }
        try:
            return self.host.fetch.post(
                url,
                data=written(said),
                headers=headers,
                timeout_s=TIMEOUT_S,
                max_bytes=MAX_ANSWER_BYTES,
                redirects=False,  # they are followed without the body, and a page would be taken for the receiver
            )
        except ViewraError as error:
            reason = f"{error.message} ({error.hint})" if error.hint else error.message
            for shown in (url, url[:_SHOWN_OF_URL]):
                reason = reason.replace(shown, "its address")
            reason = _URL.sub("its address", reason)  # as it is in an error's own words
            if isinstance(error, UsageError | PermissionDenied):
                self.host.notify(f"messages to {name} are not sent: {reason}", level="error", key=name)
            raise RuntimeError(reason) from None  # the address, which is in the error, may be as good as a password

    def _judged(self, name: str, said: Mapping[str, Any], answer: Fetched) -> Later | None:
        """None for an answer that ends the matter; raises for one after which it is sent again."""
        if answer.ok:
            self.host.notify.withdraw(name)
            return None
        if answer.status in _AGAIN or answer.status >= 500:
            pause = answer.headers.get("retry-after", "")
            if answer.status in (429, 503) and pause.isascii() and pause.isdigit() and _is_young(said):
                return Later(min(max(float(pause[:6]), _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S))
            raise RuntimeError(f"{name} answered with the status {answer.status}")
        self.log.warning("a message was refused", to=name, status=answer.status)
        why = f"{name} refuses messages, with the status {answer.status}"
        if answer.status in _ELSEWHERE:
            why += ": its address has changed; set the new one"
        self.host.notify(why, level="warning", key=name)
        return None


def _is_young(said: Mapping[str, Any]) -> bool:
    """Whether a message may wait for as long as the server asks, which does not count as an attempt."""
    return time.time() - datetime.fromisoformat(said["at"]).timestamp() < _PATIENCE_S
