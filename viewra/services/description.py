"""The one description of a service: its names, and the modules with its protocol, messages and two sides.

Adapters, clients, the SDK, in-process plugins, manifests, reflection and check suites all go by descriptions, so a new
service is one module in each of ``services``, ``codec``, ``adapters``, ``sdk/servicers`` and ``testing/checks``, and
one line in viewra/services/__init__.py. These are plain classes, and modules are imported when they are used, because
a plugin's process has to start quickly.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any


class Service:
    """The description of one service.

    ``name`` is that of its modules and of its client (``host.plugins[id].search``); with ``_service`` behind it, that
    of the getter which a plugin may have for it. ``protocol`` is the name of the class in its ``services`` module that
    authors implement, ``methods`` are that class's methods, separated by spaces. ``capability`` is the name in
    manifests, by default ``name``; ``wire`` the gRPC service's full name, by default ``plugin.`` and ``protocol``.
    ``home`` is the package whose ``services``, ``codec``, ``adapters``, ``sdk.servicers`` and ``testing.checks`` have
    its modules. Procedures of its codec with another wire service than ``wire`` are optional extensions.
    """

    def __init__(
        self,
        name: str,
        protocol: str,
        methods: str,
        *,
        capability: str = "",
        wire: str = "",
        home: str = "viewra",
    ) -> None:
        self.name = name
        self.methods = tuple(methods.split())
        self.capability = capability or name
        self.wire = wire or f"plugin.{protocol}"
        self.protocol_name = protocol
        self._home = home

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    @property
    def protocol(self) -> type[Any]:
        """The Protocol that authors implement."""
        return self._member("services", self.protocol_name)  # type: ignore[no-any-return]

    @property
    def adapter(self) -> type[Any]:
        """The host's adapter (a ``ServiceAdapter``): ``SearchAdapter`` for the protocol ``SearchService``."""
        return self._member("adapters", f"{self._stem}Adapter")  # type: ignore[no-any-return]

    @property
    def client(self) -> type[Any]:
        """The typed client, made from an ``Endpoint``: ``SearchClient`` for the protocol ``SearchService``."""
        return self._member("adapters", f"{self._stem}Client")  # type: ignore[no-any-return]

    @property
    def handlers(self) -> Callable[[Any], list[Any]]:
        """The function that makes the plugin's handlers for an author's object."""
        return self._member("sdk.servicers", "handlers")  # type: ignore[no-any-return]

    @property
    def check(self) -> Callable[..., None]:
        """The check suite, a function of the service as a host calls it."""
        return self._member("testing.checks", f"check_{self.name}")  # type: ignore[no-any-return]

    def module(self, layer: str) -> Any:
        """Its module in one layer: ``services``, ``codec``, ``adapters``, ``sdk.servicers`` or ``testing.checks``."""
        return importlib.import_module(f"{self._home}.{layer}.{self.name}")

    def of(self, plugin: object, partly: Callable[[Service, list[str]], object] | None = None) -> Any:
        """The object that is this service for a plugin, or None.

        It is what the plugin's getter gives; without a getter it is the plugin itself, if it has all of the methods.
        ``partly`` is told of the missing ones where it has only some.
        """
        getter = getattr(plugin, f"{self.name}_service", None)
        return getter() if getter is not None else self.itself(plugin, partly)

    def itself(self, plugin: object, partly: Callable[[Service, list[str]], object] | None = None) -> Any:
        """The plugin, if it has all of the methods, else None; ``partly`` as in ``of``."""
        missing = [name for name in self.methods if not callable(getattr(plugin, name, None))]
        if not missing:
            return plugin
        if partly is not None and len(missing) < len(self.methods):
            partly(self, missing)
        return None

    @property
    def _stem(self) -> str:
        return self.protocol_name.removesuffix("Service")

    def _member(self, layer: str, name: str) -> Any:
        return getattr(self.module(layer), name)


class Services:
    """The services that a host, or a plugin's process, knows, in the order in which their adapters are registered."""

    def __init__(self, *services: Service) -> None:
        self._services = services
        self._by_name = {service.name: service for service in services}
        self._by_wire = {service.wire: service.capability for service in services}
        self.capabilities = tuple(service.capability for service in services)
        """Their names in manifests."""
        names = (self._by_name, self._by_wire, set(self.capabilities))
        if any(len(unique) != len(services) for unique in names):
            raise ValueError("two services have the same name, capability or wire service")

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services)

    def __getitem__(self, name: str) -> Service:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self._services)

    def __add__(self, more: Services) -> Services:
        return Services(*self, *more)

    def offered(self, wire_services: set[str] | frozenset[str]) -> frozenset[str]:
        """The capabilities behind the gRPC services that a process has, as reflection names them."""
        return frozenset(map(self._by_wire.__getitem__, wire_services & self._by_wire.keys()))
