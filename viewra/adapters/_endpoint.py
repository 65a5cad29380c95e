"""The interfaces between adapters and a plugin: ``Endpoint`` to call it, and ``Link`` to reach its process."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import ParamSpec, Protocol, TypeVar

from viewra.adapters._connection import Connection
from viewra.adapters._exchange import Exchange
from viewra.codec.limits import Limits
from viewra.codec.rpc import Rpc
from viewra.codec.streams import AnyRpc, Item, StreamRpc, Value
from viewra.errors import PluginClosed, PluginUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Known(Protocol):
    """Facts about a plugin that are known without asking it."""

    @property
    def plugin_id(self) -> str:
        """The plugin's id."""
        ...

    @property
    def running(self) -> bool:
        """Whether it runs, so that a call need not wait for its start."""
        ...

    @property
    def code_hash(self) -> str:
        """Hash of the code that runs, or that would be started."""
        ...

    @property
    def priority(self) -> Mapping[str, int]:
        """The priority of its metadata by field, from its manifest; 0 for fields without one."""
        ...

    @property
    def database_url(self) -> str:
        """The URL of its own database."""
        ...

    @property
    def known(self) -> bool:
        """Whether its services are known; until then a plugin counts as offering all."""
        ...

    def offers(self, capability: str) -> bool:
        """Whether it offers this service: its process decides, or its manifest before the first start."""
        ...

    def recall(self, name: str) -> str | None:
        """The text stored under this name for the code on disk; None if absent."""
        ...

    def remember(self, name: str, text: str) -> None:
        """Store a text for later hosts, until the plugin's code or settings change."""
        ...


class Link(Known, Protocol):
    """The way to a plugin's running process, which its supervisor provides; each restart changes the process."""

    @property
    def limits(self) -> Limits:
        """The limits on one answer."""
        ...

    @property
    def processes(self) -> int:
        """The number of processes that answer its calls."""
        ...

    def acquire(self, patience_s: float) -> Connection:
        """A connection to the running process, with the call entered; starts the process if necessary.

        A call during a start or replacement waits ``patience_s`` seconds or as long as a start may take, whichever is
        longer. Raises a PluginError.
        """
        ...

    def serves(self, wire_service: str) -> bool:
        """Whether its process is known to serve the gRPC service with this full name, or to have served it last."""
        ...

    def deadline_s(self, method: str) -> float:
        """Seconds that one call of this method may take."""
        ...

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call on this connection broke: the process ended, or it was stopped on purpose."""
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

    def serves(self, rpc: AnyRpc) -> bool:
        """Whether the plugin is known to serve this procedure of viewra's extensions."""
        ...

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError, and nothing else."""
        ...

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call and return at once; the future gives the value or a PluginError."""
        ...


class Endpoint(Known, Caller, Protocol):
    """A plugin as adapters see it, wherever it runs."""

    @property
    def lanes(self) -> int:
        """Batches worth keeping in flight."""
        ...

    def deadline_s(self, method: str) -> float:
        """Seconds that one call of this method may take."""
        ...

    def stream(self, rpc: StreamRpc[Item, Value], *, only: Item | None = None, most_s: float) -> Exchange[Item, Value]:
        """Open a stream, which ends after ``most_s`` seconds; waits for its turn, and for the plugin's start.

        ``only`` is the single item of a caller that sends no other. Raises a PluginError.
        """
        ...
