"""Operations on notifications of scans that plugins have not accepted: what ``viewra plugins events`` does."""

from __future__ import annotations

from viewra import library
from viewra.host.admin.operation import operation
from viewra.host.scanning import Scanning
from viewra.library import ListenerState


@operation(changes=False)
def listener_get(host: Scanning, plugin_id: str) -> ListenerState:
    """A plugin's pending notifications, and those that were set aside since it failed to accept them."""
    return library.listener_state(host.engine, plugin_id)


@operation(changes=True)
def listener_retry(host: Scanning, plugin_id: str) -> ListenerState:
    """Deliver the set-aside notifications again."""
    library.listener_state(host.engine, plugin_id)  # raises for a plugin that never was a listener
    library.retry_set_aside(host.engine, plugin_id)
    host.deliver()
    return library.listener_state(host.engine, plugin_id)


@operation(changes=True)
def listener_drop(host: Scanning, plugin_id: str) -> ListenerState:
    """Forget the set-aside notifications."""
    library.listener_state(host.engine, plugin_id)
    library.drop_set_aside(host.engine, plugin_id)
    return library.listener_state(host.engine, plugin_id)
