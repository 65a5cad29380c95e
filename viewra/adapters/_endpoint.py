"""The two faces between adapters and a plugin: ``Endpoint`` to call it, and ``Link`` to reach its process."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, ParamSpec, Protocol, TypeVar

from viewra.adapters._connection import Connection
from viewra.codec.limits import Limits
from viewra.codec.rpc import Rpc
from viewra.errors import PluginClosed, PluginUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Known(Protocol):
    """The facts about a plugin that are known without asking it."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def running(self) -> bool:
        """Whether it runs, so that a call need not wait for its start."""
        ...

    @property
    def code_hash(self) -> str:
        """Hash of the code that runs, or would be run."""
        ...

    @property
    def priority(self) -> Mapping[str, int]:
        """How much its word on a metadata field counts, by its manifest: field to a number, 0 where it has none."""
        ...

    @property
    def database_url(self) -> str:
        """Its own database."""
        ...

    @property
    def known(self) -> bool:
        """Whether it is known which services it has; one that is not known offers all, until it is asked."""
        ...

    def offers(self, capability: str) -> bool:
        """Whether it has this service: its process decides, or its manifest before the first start."""
        ...

    def recall(self, name: str) -> str | None:
        """The text that ``remember`` was given under this name for the code on disk; None where there is none."""
        ...

    def remember(self, name: str, text: str) -> None:
        """Keep a text for later hosts, for as long as neither the plugin's code nor its settings change."""
        ...


class Link(Known, Protocol):
    """The way to a plugin's running process, which a supervisor gives to adapters; each restart changes the process."""

    @property
    def limits(self) -> Limits:
        """How much one answer may be."""
        ...

    def acquire(self, patience_s: float) -> Connection:
        """The connection to the running process, which is started if need be; the call has entered it.

        A call that comes while the process starts or is replaced waits: ``patience_s`` seconds or the time that a start
        may take, whichever is longer. Raises a PluginError.
        """
        ...

    def serves(self, wire_service: str) -> bool:
        """Whether the running process is known to serve a gRPC service of this full name."""
        ...

    def deadline_s(self, method: str) -> float:
        """Seconds that one call of this method may take."""
        ...

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call on this connection broke: the process died, or it was stopped on purpose."""
        ...


class Caller(Protocol):
    """Calls a plugin."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def database_url(self) -> str:
        """Its own database."""
        ...

    def serves(self, rpc: Rpc[..., Any]) -> bool:
        """Whether the plugin is known to answer this procedure of viewra's own extensions."""
        ...

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError, and nothing else."""
        ...

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call and return at once; the future gives the value or a PluginError."""
        ...


class Endpoint(Known, Caller, Protocol):
    """A plugin as adapters see it, wherever it runs."""

    lanes: int
    """Batches worth keeping in flight."""
