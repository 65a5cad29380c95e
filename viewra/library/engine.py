"""What executes reading in other processes, and what is asked and answered there, by value.

An ``Engine`` has the form of ``concurrent.futures.Executor``; the library does not know whether it is a process pool or
a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import attrs

from viewra.errors import PluginError
from viewra.services import ScraperSession
from viewra.types import FileOutcome, FileToRead


class Engine(Protocol):
    """Executes functions in other processes, as ``concurrent.futures.Executor`` does."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Execute a function elsewhere; it and its arguments are pickled.

        What a process that died was executing is executed again elsewhere. The future fails with ``BrokenExecutor``,
        which says so, after several died of it, and with ``ViewraError`` if there is nobody to execute it.
        """
        ...

    @property
    def slots(self) -> int:
        """How many functions it executes at the same time, at least 1."""
        ...

    def avoid(self, worker: str, reason: str) -> None:
        """Have this worker execute nothing more, if there are others; ``reason`` is what it does wrong."""
        ...


@attrs.frozen
class Request:
    """A batch for a worker: the files by their paths there. ``code`` is the plugin's, packed, for one that lacks it.

    ``scan`` names what was arranged with the workers beforehand.
    """

    scan: str
    plugin_id: str
    code_hash: str
    files: tuple[FileToRead, ...]
    code: bytes | None = None


@attrs.frozen
class Outcomes:
    """The outcomes of a batch, which took ``took_s`` seconds on the worker.

    ``absent`` are the numbers of the files, from 0, that failed and are not there on the worker.
    """

    worker: str
    outcomes: tuple[FileOutcome, ...]
    took_s: float
    absent: tuple[int, ...] = ()


@attrs.frozen
class Failed:
    """The batch failed as a whole, as it may with the host's own plugins."""

    worker: str
    error: PluginError


@attrs.frozen
class CodeMissing:
    """The worker does not have the plugin's code."""

    worker: str


@attrs.frozen
class Unfit:
    """The worker cannot read this batch, and probably no other."""

    worker: str
    reason: str


@attrs.frozen
class HostNeeded:
    """The plugin has asked for what only the host that scans can give, such as its stored values: ``service``."""

    worker: str
    service: str


Answer = Outcomes | Failed | CodeMissing | Unfit | HostNeeded

Read = Callable[[Request], Answer]
"""A function of a module, since it is pickled by its name."""


class Remotely(Protocol):
    """Has a scan's files read by workers."""

    @property
    def read(self) -> Mapping[str, int]:
        """How many files each worker has read, counted for each plugin."""
        ...

    def sessions(self, opened: Sequence[ScraperSession]) -> list[ScraperSession]:
        """The sessions to use instead of these; raises ViewraError if no worker can be reached."""
        ...


class PathMap:
    """Where workers find the folders of this machine: ``/srv/music`` at ``/mnt/nas/music``."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        pairs = [(here.rstrip("/"), there.rstrip("/")) for here, there in folders.items()]
        self._folders = sorted(pairs, key=lambda one: len(one[0]), reverse=True)

    def strangers(self, folder: str) -> list[str]:
        """The folders of this machine that are neither in this one nor around it."""
        around = folder.rstrip("/") + "/"
        return [
            here for here, _ in self._folders if not f"{here}/".startswith(around) and not around.startswith(f"{here}/")
        ]

    def there(self, path: str) -> str:
        """The path on the workers."""
        for here, there in self._folders:
            if path == here or path.startswith(here + "/"):
                return there + path[len(here) :] or "/"
        return path
