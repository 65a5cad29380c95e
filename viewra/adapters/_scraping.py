"""Reads many files with one scraper: in batches if the plugin supports them, else with concurrent single calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TypeVar

import attrs

from viewra.adapters._endpoint import Endpoint
from viewra.adapters._futures import Pending, as_plugin_error, follow, settle
from viewra.batch import FIRST_BATCH, next_size
from viewra.codec import metadata_scraper as codec
from viewra.errors import PluginFault
from viewra.types import FileOutcome, FileToRead

T = TypeVar("T")

SINGLES_AT_ONCE = 16
"""Files per batch for a plugin without batches: its calls run concurrently."""

# A scan itself finds a file that crashes the plugin: a second attempt would only crash it twice.
_ASK_ONCE = attrs.evolve(codec.CAN_HANDLE, idempotent=False)
_READ_ONCE = attrs.evolve(codec.EXTRACT_METADATA, idempotent=False)
# The call for one file has the joined text of several values: what is stored must not depend on the size of a batch.
_READ_ALONE = attrs.evolve(codec.EXTRACT_METADATA_BATCH, timed_as="extract_metadata")


def matches(types: Sequence[str], mime_type: str) -> bool:
    """Whether a MIME type is among these; ``audio/*`` means all audio types, ``*/*`` all types."""
    family = mime_type.partition("/")[0]
    return any(known in {mime_type, f"{family}/*", "*/*"} for known in types)


class ScrapingSession:
    """One scraper's side of one scan (``viewra.services.ScraperSession``)."""

    def __init__(
        self, endpoint: Endpoint, types: tuple[str, ...], *, batches: bool, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._endpoint = endpoint
        self._types = types
        self._wanted: dict[str, bool] = {}  # a scan asks for each of its files, of a few types
        self._batches = batches
        self.plugin_id = endpoint.plugin_id
        self.code_hash = endpoint.code_hash
        self.priority = endpoint.priority
        self.batch_size = FIRST_BATCH if batches else SINGLES_AT_ONCE

    @property
    def window(self) -> int:
        """Batches to keep in flight; more once the plugin has more processes."""
        return self._endpoint.lanes

    def wants(self, mime_type: str) -> bool:
        """Whether it reads files of this type; a scraper that names no types decides file by file."""
        known = self._wanted.get(mime_type)
        if known is None:
            known = self._wanted[mime_type] = not self._types or matches(self._types, mime_type)
        return known

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        """Start reading; the future gives an outcome for each file, or a PluginError for all of them."""
        if self._batches:
            return self._in_one_call(files)
        return _Singles(self._endpoint, files, asks=not self._types).future

    def _in_one_call(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        def checked(outcomes: tuple[FileOutcome, ...]) -> Sequence[FileOutcome]:
            if len(outcomes) != len(files):
                message = f"answered {len(outcomes)} outcomes for {len(files)} files"
                raise PluginFault(self.plugin_id, message, call="extract_metadata_batch")
            self._adapt(len(files), self._now() - began)
            return outcomes

        began = self._now()
        future: Future[Sequence[FileOutcome]] = Pending(self.plugin_id, "extract_metadata_batch")
        rpc = codec.EXTRACT_METADATA_BATCH if len(files) > 1 else _READ_ALONE
        follow(self._endpoint.start(rpc, files), future, checked)
        return future

    def _adapt(self, count: int, took_s: float) -> None:
        """Choose the size of the next batches by this one; ``took_s`` includes the batch that it waited for."""
        self.batch_size = next_size(self.batch_size, count, took_s)


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
            self._finished(index, FileOutcome(error=error.reason))  # as a batch of several files says it
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
