"""``RemoteSession``: a ``ScraperSession`` whose batches an ``Engine`` has read in other processes."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future, InvalidStateError
from typing import Any

import attrs

from viewra.batch import FIRST_BATCH, next_size
from viewra.errors import PluginError, PluginUnavailable, ViewraError
from viewra.library.engine import Answer, CodeMissing, Engine, Failed, HostNeeded, Outcomes, PathMap, Read, Request
from viewra.library.paths import display, is_gone
from viewra.services import ScraperSession
from viewra.text import encodable
from viewra.types import FileOutcome, FileToRead

WINDOW = 2
"""Batches in flight for each that is read at the same time: a worker has the next one when it has read one."""

MOST_TURNS = 4
"""How often one batch is handed over to workers that cannot read it."""

log = logging.getLogger("viewra.library")


@attrs.frozen(eq=False)
class Workers:
    """What the remote sessions of a scan share.

    ``packed`` gives a plugin's code by its id, and raises ViewraError where it cannot be sent. ``read`` counts the
    files by worker.
    """

    engine: Engine
    read_function: Read
    scan: str
    paths: PathMap
    packed: Callable[[str], bytes]
    read: Counter[str] = attrs.field(factory=Counter)


class RemoteSession:
    """A scraper whose batches workers read. ``local`` is the session of the host's own plugin.

    That one reads all files once the plugin has asked a worker for what only the host can give.
    """

    def __init__(self, local: ScraperSession, workers: Workers) -> None:
        self.plugin_id = local.plugin_id
        self.code_hash = local.code_hash
        self.priority = local.priority
        self._local = local
        self._workers = workers
        self._is_local = False
        self._batch_size = FIRST_BATCH

    @property
    def batch_size(self) -> int:
        """How many files to submit at once: as many as a worker reads in the time of ``viewra.batch.BATCH_S``."""
        return self._local.batch_size if self._is_local else self._batch_size

    @property
    def window(self) -> int:
        """How many batches to keep in flight."""
        return self._local.window if self._is_local else WINDOW * self._workers.engine.slots

    def wants(self, mime_type: str) -> bool:
        """Whether it reads files of this type."""
        return self._local.wants(mime_type)

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        """Start reading; the future gives an outcome for each file, or a PluginError. It can be cancelled."""
        if self._is_local:
            return self._local.submit(files)
        turn = _Turn(self, self._workers, files)
        turn.take()
        return turn.future

    def finished(self, outcomes: Outcomes) -> None:
        """A worker has read a batch."""
        count = len(outcomes.outcomes)
        self._workers.read[outcomes.worker] += count
        self._batch_size = next_size(self._batch_size, count, outcomes.took_s)

    def stay(self, files: Sequence[FileToRead], service: str) -> Future[Sequence[FileOutcome]]:
        """Read these files here, and all that follow."""
        if not self._is_local:
            log.info(
                "plugin %s is not distributed: it asked for %s, which is the scanning host's", self.plugin_id, service
            )
            self._is_local = True
        return self._local.submit(files)


class _Turn:
    """One batch on its way, until some worker has read it. Its methods run on the threads that complete futures."""

    def __init__(self, session: RemoteSession, workers: Workers, files: Sequence[FileToRead]) -> None:
        self.future: Future[Sequence[FileOutcome]] = Future()
        self._session = session
        self._workers = workers
        self._files = files
        there = workers.paths.there
        batch = tuple(attrs.evolve(file, file_path=there(file.file_path)) for file in files)
        self._request = Request(workers.scan, session.plugin_id, session.code_hash, batch)
        self._turns = 0

    def take(self) -> None:
        """Hand the batch over to the engine."""
        self._turns += 1
        try:
            handed = self._workers.engine.submit(self._workers.read_function, self._request)
        except Exception as error:  # handled as the future's
            self._fail(self._unavailable(f"could not be handed over: {_said(error)}"))
            return
        self.future.add_done_callback(lambda ended: handed.cancel() if ended.cancelled() else None)
        handed.add_done_callback(self._ended)

    def _ended(self, handed: Future[Answer]) -> None:
        if self.future.cancelled() or handed.cancelled():
            self.future.cancel()
            return
        error = handed.exception()
        try:
            if error is None:
                self._answered(handed.result())
            elif isinstance(error, BrokenExecutor):
                self._fail(PluginUnavailable(self._session.plugin_id, _said(error), in_call=True))
            else:
                self._fail(self._unavailable(_said(error)))
        except Exception as failure:  # every future has an end
            log.exception("a batch of plugin %s came back with an error within viewra", self._session.plugin_id)
            self._fail(self._unavailable(_said(failure)))

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Outcomes):
            unseen = next((one for one in answer.absent if not is_gone(os.fsencode(self._files[one].file_path))), None)
            if unseen is not None:
                path = display(self._request.files[unseen].file_path)
                self._unfit(answer.worker, f"does not see {path}: mount its disk there, or say where it is with --map")
            else:
                self._session.finished(answer)
                self._settle(answer)
        elif isinstance(answer, Failed):
            answer.error.worker = answer.worker
            self._fail(answer.error)
        elif isinstance(answer, HostNeeded):
            self._session.stay(self._files, answer.service).add_done_callback(self._read_here)
        elif isinstance(answer, CodeMissing):
            self._send_code(answer.worker)
        else:
            self._unfit(answer.worker, answer.reason)

    def _send_code(self, worker: str) -> None:
        try:
            code = self._workers.packed(self._session.plugin_id)
        except ViewraError as error:
            version = f"the code {self._session.code_hash} of this plugin"
            self._unfit(worker, f"does not have {version}, and it cannot be sent: {_said(error)}")
            return
        self._request = attrs.evolve(self._request, code=code)
        self._again(self._unavailable("does not take its code", worker))

    def _unfit(self, worker: str, reason: str) -> None:
        self._workers.engine.avoid(worker, reason)
        self._again(self._unavailable(reason, worker))

    def _again(self, otherwise: PluginError) -> None:
        if self._turns < MOST_TURNS:
            self.take()
        else:
            self._fail(otherwise)

    def _read_here(self, read: Future[Sequence[FileOutcome]]) -> None:
        error = read.exception()
        if error is not None:
            self._fail(error)
        else:
            self._set(self.future.set_result, read.result())

    def _settle(self, answer: Outcomes) -> None:
        read = zip(self._files, self._request.files, answer.outcomes, strict=True)
        self._set(self.future.set_result, [_as_here(*one, answer.worker) for one in read])

    def _fail(self, error: BaseException) -> None:
        self._set(self.future.set_exception, error)

    def _set(self, set_to: Callable[[Any], None], value: object) -> None:
        with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
            set_to(value)

    def _unavailable(self, reason: str, worker: str = "") -> PluginUnavailable:
        where = f"the worker {worker} " if worker else ""
        error = PluginUnavailable(self._session.plugin_id, where + reason, call="extract_metadata")
        error.worker = worker
        return error


def _as_here(file: FileToRead, there: FileToRead, outcome: FileOutcome, worker: str) -> FileOutcome:
    """The outcome as a local scan would have it, with the worker for the report."""
    if not outcome.error:
        return outcome
    error = outcome.error
    for form in (display, encodable):  # for people, and as an author's text has it
        error = error.replace(form(there.file_path), form(file.file_path))
    return FileOutcome(error=error, worker=worker)


def _said(error: BaseException) -> str:
    return display(str(error) or type(error).__name__)
