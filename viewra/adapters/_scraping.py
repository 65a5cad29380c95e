"""Reads many files with one scraper: in batches if the plugin supports them, else with concurrent single calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TypeVar

import attrs

from viewra.adapters._endpoint import Endpoint
from viewra.adapters._futures import Pending, as_plugin_error, follow, settle
from viewra.codec import metadata_scraper as codec
from viewra.errors import PluginFault
from viewra.text import is_utf8
from viewra.types import FileOutcome, FileToRead

T = TypeVar("T")

BATCH_SIZE = 64
SINGLES_AT_ONCE = 16
"""Files per batch for a plugin without batches: its calls run concurrently."""

# A scan itself finds a file that crashes the plugin: a second attempt would only crash it twice.
_ASK_ONCE = attrs.evolve(codec.CAN_HANDLE, idempotent=False)
_READ_ONCE = attrs.evolve(codec.EXTRACT_METADATA, idempotent=False)


def matches(types: Sequence[str], mime_type: str) -> bool:
    """Whether a MIME type is among these; ``audio/*`` means all audio types, ``*/*`` all types."""
    family = mime_type.partition("/")[0]
    return any(known in {mime_type, f"{family}/*", "*/*"} for known in types)


class ScrapingSession:
    """One scraper's side of one scan (``viewra.services.ScraperSession``)."""

    def __init__(self, endpoint: Endpoint, types: tuple[str, ...], *, batches: bool) -> None:
        self._endpoint = endpoint
        self._types = types
        self._batches = batches
        self.plugin_id = endpoint.plugin_id
        self.code_hash = endpoint.code_hash
        self.priority = endpoint.priority
        self.batch_size = BATCH_SIZE if self._batches else SINGLES_AT_ONCE
        self.window = endpoint.lanes

    def wants(self, mime_type: str) -> bool:
        """Whether it reads files of this type; a scraper that names no types decides file by file."""
        return not self._types or matches(self._types, mime_type)

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        """Start reading; the future gives an outcome for each file, or a PluginError for all of them."""
        if self._batches and (len(files) > 1 or not is_utf8(files[0].file_path)):
            return self._in_one_call(files)
        return _Singles(self._endpoint, files, asks=not self._types).future

    def _in_one_call(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        def checked(outcomes: tuple[FileOutcome, ...]) -> Sequence[FileOutcome]:
            if len(outcomes) != len(files):
                message = f"answered {len(outcomes)} outcomes for {len(files)} files"
                raise PluginFault(self.plugin_id, message, call="extract_metadata_batch")
            return outcomes

        future: Future[Sequence[FileOutcome]] = Pending(self.plugin_id, "extract_metadata_batch")
        follow(self._endpoint.start(codec.EXTRACT_METADATA_BATCH, files), future, checked)
        return future


class _Singles:
    """The files of one batch, each in a call of its own, concurrently."""

    def __init__(self, endpoint: Endpoint, files: Sequence[FileToRead], *, asks: bool) -> None:
        self.future: Future[Sequence[FileOutcome]] = Pending(endpoint.plugin_id, "extract_metadata")
        self._endpoint = endpoint
        self._outcomes: list[FileOutcome] = [FileOutcome()] * len(files)
        self._missing = len(files)
        self._failure: BaseException | None = None
        self._lock = threading.Lock()
        for index, file in enumerate(files):
            if asks:
                self._ask(index, file)
            else:
                self._read(index, file)

    def _ask(self, index: int, file: FileToRead) -> None:
        def answered(handles: bool) -> None:
            if handles:
                self._read(index, file)
            else:
                self._finished(index, FileOutcome())

        self._then(index, self._endpoint.start(_ASK_ONCE, file.file_path, file.mime_type), answered)

    def _read(self, index: int, file: FileToRead) -> None:
        def answered(metadata: Mapping[str, str]) -> None:
            self._finished(index, FileOutcome(metadata))

        self._then(index, self._endpoint.start(_READ_ONCE, file.file_path), answered)

    def _then(self, index: int, pending: Future[T], answered: Callable[[T], None]) -> None:
        """Continue with a call's answer; an error becomes the file's outcome."""

        def done(ended: Future[T]) -> None:
            try:
                answered(ended.result())
            except BaseException as error:
                self._failed(index, as_plugin_error(self._endpoint.plugin_id, "extract_metadata", error))

        pending.add_done_callback(done)

    def _failed(self, index: int, error: BaseException) -> None:
        if isinstance(error, PluginFault):  # this file's own failure; a file that hangs may delay all others
            self._finished(index, FileOutcome(error=error.message))
        else:
            self._finished(index, FileOutcome(), error)

    def _finished(self, index: int, outcome: FileOutcome, failure: BaseException | None = None) -> None:
        with self._lock:
            self._outcomes[index] = outcome
            self._failure = self._failure or failure
            self._missing -= 1
            if self._missing:
                return
        settle(self.future, self._outcomes, error=self._failure)
