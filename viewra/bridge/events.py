"""``events``: news that a plugin publishes; ``viewra/host/events`` tells those who subscribe to them."""

from __future__ import annotations

from typing import Protocol

from viewra.bridge.rights import Rights
from viewra.errors import PermissionDenied
from viewra.events import LIBRARY, PUBLISH, covers, is_own


class Publisher(Protocol):
    """What takes events to those who subscribe to them."""

    def publish_from(self, source: str, name: str, data: bytes) -> None:
        """Publish an event of a plugin, whose name and data, as JSON, are checked; must not wait."""
        ...


class NoPublisher:
    """Stands in where nobody subscribes."""

    def publish_from(self, source: str, name: str, data: bytes) -> None:
        """Nothing."""


class EventsService:
    """The events of one plugin. Thread-safe."""

    def __init__(self, plugin_id: str, publisher: Publisher) -> None:
        self._plugin_id = plugin_id
        self._publisher = publisher

    def publish(self, name: str, data: bytes, rights: Rights) -> None:
        """Publish an event, if the plugin may use its name."""
        require_allowed(self._plugin_id, name, rights)
        self._publisher.publish_from(self._plugin_id, name, data)


def require_allowed(plugin_id: str, name: str, rights: Rights) -> None:
    """Raise PermissionDenied if a plugin may not publish events of this name."""
    if name.startswith(f"{LIBRARY}."):
        raise PermissionDenied(f"only the host publishes events named {LIBRARY}.…, such as {name}")
    if not is_own(plugin_id, name) and not covers(rights.events(), name):
        raise PermissionDenied(
            f"events.publish of {name} needs the permission {PUBLISH} with this name, which is not granted",
            hint=f"names that begin with {plugin_id}. need none; for others the manifest must request it, with names; "
            f"then: viewra plugins grant {plugin_id} {PUBLISH}",
        )
