"""The host's side of the scanner hook; its mirror image is viewra/sdk/servicers/scanner_hook.py."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.codec import lifecycle
from viewra.codec import scanner_hook as codec
from viewra.errors import NotOffered, PluginFault
from viewra.hookspecs import hookimpl
from viewra.services import ListenerSession
from viewra.types import LibraryEvent, Result, ScanEvent, ScanEventKind, ScanEvents


class ScannerHookClient:
    """One plugin's ``ScannerHookService``; each method raises a PluginError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Report one file to it."""
        self._endpoint.call(codec.ON_MEDIA_FILE_SCANNED, media_file_id, file_path, metadata)

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Report the start of a scan to it."""
        self._endpoint.call(codec.ON_SCAN_STARTED, scan_job_id, library_id, library_path)

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Report the end of a scan to it."""
        self._endpoint.call(codec.ON_SCAN_COMPLETED, scan_job_id, library_id, stats)

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """Report changes of known files to it; raises NotOffered if it does not listen to them."""
        errors = self._endpoint.call(codec.ON_LIBRARY_EVENTS, events)
        _check_answers(self._endpoint.plugin_id, "on_library_events", errors, len(events))


class Listening:
    """One scanner hook's side of the notifications (``viewra.services.ListenerSession``)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.plugin_id = endpoint.plugin_id
        self._endpoint = endpoint
        self._client = ScannerHookClient(endpoint)

    def deliver(self, event: ScanEvent | LibraryEvent) -> None:
        """Deliver one notification and wait for the answer; raises a PluginError."""
        if not isinstance(event, LibraryEvent):
            self._deliver_scan_event(event)
        elif self._endpoint.serves(codec.ON_LIBRARY_EVENTS) or not self._endpoint.running:
            with contextlib.suppress(NotOffered):  # whether it listens to these is known only once it runs
                self._client.on_library_events([event])

    def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
        """Deliver several with one call, where the plugin serves that; see ``viewra.services.BatchListenerSession``."""
        scans = events if isinstance(events, ScanEvents) else [one for one in events if isinstance(one, ScanEvent)]
        fates = [event for event in events if isinstance(event, LibraryEvent)]
        if scans and not fates and self._endpoint.serves(codec.ON_SCAN_EVENTS):
            call, answers = "on_scan_events", self._endpoint.call(codec.ON_SCAN_EVENTS, scans)
        elif fates and not scans and self._endpoint.serves(codec.ON_LIBRARY_EVENTS):
            call, answers = "on_library_events", self._endpoint.call(codec.ON_LIBRARY_EVENTS, fates)
        else:
            return []
        _check_count(self.plugin_id, call, answers, len(events))
        return answers

    def _deliver_scan_event(self, event: ScanEvent) -> None:
        if self._endpoint.serves(codec.ON_SCAN_EVENTS):  # also accepts names that are not UTF-8
            errors = self._endpoint.call(codec.ON_SCAN_EVENTS, [event])
            _check_answers(self.plugin_id, "on_scan_events", errors, 1)
            return
        match event.kind:
            case ScanEventKind.STARTED:
                self._client.on_scan_started(event.scan_job_id, event.library_id, event.library_path)
            case ScanEventKind.FILE:
                self._client.on_media_file_scanned(event.media_file_id, event.file_path, event.metadata)
            case ScanEventKind.COMPLETED:
                self._client.on_scan_completed(event.scan_job_id, event.library_id, event.stats)


def _check_answers(plugin_id: str, call: str, errors: Sequence[str], expected: int) -> None:
    """Raise PluginFault where an event was not taken."""
    _check_count(plugin_id, call, errors, expected)
    for error in filter(None, errors):
        raise PluginFault(plugin_id, error, call=call)


def _check_count(plugin_id: str, call: str, errors: Sequence[str], expected: int) -> None:
    if len(errors) != expected:
        raise PluginFault(plugin_id, f"answered {len(errors)} texts for {expected} events", call=call)


class ScannerHookAdapter(ServiceAdapter):
    """One plugin behind the hooks of the scanner."""

    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def on_media_file_scanned(
        self, media_file_id: int, file_path: str, metadata: Mapping[str, str]
    ) -> Generator[None, list[Result[None]], list[Result[None]]]:
        """Report one file to it."""
        pending = self._begin(codec.ON_MEDIA_FILE_SCANNED, media_file_id, file_path, metadata)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def on_scan_started(
        self, scan_job_id: int, library_id: int, library_path: str
    ) -> Generator[None, list[Result[None]], list[Result[None]]]:
        """Report the start of a scan to it."""
        pending = self._begin(codec.ON_SCAN_STARTED, scan_job_id, library_id, library_path)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def on_scan_completed(
        self, scan_job_id: int, library_id: int, stats: Mapping[str, str]
    ) -> Generator[None, list[Result[None]], list[Result[None]]]:
        """Report the end of a scan to it."""
        pending = self._begin(codec.ON_SCAN_COMPLETED, scan_job_id, library_id, stats)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def open_listener(self) -> Generator[None, list[Result[ListenerSession]], list[Result[ListenerSession]]]:
        """Open ordered delivery; the first notification starts the plugin."""
        if self._endpoint.known:
            results = yield
            if not self._endpoint.offers(self.capability):
                return results
            return [*results, Result(self._endpoint.plugin_id, Listening(self._endpoint))]
        pending = self._begin_work(self._open)  # only listeners have a cursor, and one start shows whether it is one
        return self._add((yield), pending)

    def _open(self) -> ListenerSession:
        self._endpoint.call(lifecycle.INFO)
        if not self._endpoint.offers(self.capability):
            raise NotOffered(self._endpoint.plugin_id, "not offered", call="open_listener")
        return Listening(self._endpoint)
