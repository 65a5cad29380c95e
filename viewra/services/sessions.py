"""The sessions that ``open_scraper`` gives to a scan, and ``open_listener`` to the notifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from concurrent.futures import Future

    from viewra.types import FileOutcome, FileToRead, LibraryEvent, ScanEvent


class ScraperSession(Protocol):
    """One plugin's side of one scan: the scan keeps several batches in flight and never waits for one."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def code_hash(self) -> str:
        """Hash of the plugin's code: its outcomes are stored under it, so that new code reads the files again."""
        ...

    @property
    def priority(self) -> Mapping[str, int]:
        """The priority of the plugin's metadata by field, 0 for a field without one."""
        ...

    @property
    def batch_size(self) -> int:
        """How many files to submit at once."""
        ...

    @property
    def window(self) -> int:
        """How many batches to keep in flight."""
        ...

    def wants(self, mime_type: str) -> bool:
        """Whether to submit files of this type; also True if the plugin decides file by file."""
        ...

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        """Start reading; the future gives an outcome for each file, in order, or a ``PluginError`` for the batch."""
        ...


class ListenerSession(Protocol):
    """One scanner hook's side of the notifications."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    def deliver(self, event: ScanEvent | LibraryEvent) -> None:
        """Deliver one notification and wait for the answer; raises a ``PluginError``.

        A plugin that does not listen to an event of its kind is not told of it.
        """
        ...


@runtime_checkable
class BatchListenerSession(ListenerSession, Protocol):
    """A ``ListenerSession`` that can also deliver several notifications with one call."""

    def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
        """Deliver notifications of one kind, of scans or of files, in order, and wait for the answer.

        Gives a text for each: ``""`` when it was taken, else why not, and then nothing is known of those after it.
        Without any text the plugin takes no batches of this kind. Raises a ``PluginError`` when the call failed.
        """
        ...
