"""``HostedPlugin``: the host services of one plugin: its door, its streams, and what it shows to the operator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from viewra.adapters import HookStats
from viewra.bridge.attachment import Attachment
from viewra.bridge.door import DirectAsking, Door
from viewra.bridge.notices import ProgressService
from viewra.bridge.rights import Rights
from viewra.codec.host.attach import ATTACH
from viewra.codec.host.method import HostMethod
from viewra.codec.limits import Limits
from viewra.transport.calls import Streaming
from viewra.types import PluginNotice, PluginProgress

if TYPE_CHECKING:
    from viewra.bridge.single_calls import SingleCalls

Provided = Sequence[tuple[object, Sequence[HostMethod[Any]]]]
"""Services with their methods: the object has a method of the same name for each."""


class Receives(Protocol):
    """A plugin's HTTP, of which its figures show what came from the network."""

    @property
    def received(self) -> int:
        """The bytes that came so far."""
        ...


class HostedPlugin:
    """The same object for all processes of a plugin, and after each reload. Thread-safe."""

    def __init__(
        self,
        plugin_id: str,
        provided: Provided,
        progress: ProgressService,
        fetching: Receives,
        notices: Callable[[], tuple[PluginNotice, ...]],
        *,
        leaving: Sequence[Callable[[], None]] = (),
    ) -> None:
        methods = {method.name: (method, getattr(one, method.action)) for one, found in provided for method in found}
        self._door = Door(plugin_id, methods)
        self._progress = progress
        self._fetching = fetching
        self._notices = notices
        self._leaving = leaving
        self._lock = threading.Lock()
        self._users = 0

    def attach(self, streaming: Callable[[str], Streaming], rights: Rights, *, limits: Limits) -> Attachment:
        """Open the stream to a process that serves it; ``streaming`` gives its procedures. Raises CallFailed."""
        stream = streaming(ATTACH.path).open(None)
        with self._lock:
            self._users += 1
        return Attachment(stream, self._door, rights, limits=limits, when_over=self._leave)

    def stopped(self) -> None:
        """The object that ``asking`` is for has stopped: nobody is left to end what it began."""
        for leave in self._leaving:
            leave()

    def single_calls(self, rights: Rights, *, limits: Limits) -> SingleCalls:
        """The procedures for a process that does not serve the stream."""
        from viewra.bridge.single_calls import SingleCalls  # light start: plugins made with the SDK do without

        with self._lock:
            self._users += 1
        return SingleCalls(self._door, rights, limits=limits, when_over=self._leave)

    def asking(self, rights: Rights) -> DirectAsking:
        """The way in for a plugin object in this process."""
        return DirectAsking(self._door, rights)

    @property
    def figures(self) -> dict[str, HookStats]:
        """Its calls of host services, by method."""
        return self._door.figures

    @property
    def fetched_bytes(self) -> int:
        """How much came from the network for it."""
        return self._fetching.received

    @property
    def progress(self) -> tuple[PluginProgress, ...]:
        """The progress that it reports."""
        return self._progress.reports

    @property
    def notices(self) -> tuple[PluginNotice, ...]:
        """Its messages to the operator, the last one first. Raises ``DatabaseError``."""
        return self._notices()

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            over = not self._users
        if over:  # no process is left
            self.stopped()
