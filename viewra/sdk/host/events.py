"""``self.host.events``: news for other plugins."""

from __future__ import annotations

from viewra.codec.host import events as codec
from viewra.sdk.host.asking import Client


class Events(Client):
    """Events are news: who does not run does not hear of them, and who is too slow loses the oldest."""

    def publish(self, name: str, data: object = None) -> None:
        """Tell of an event all running plugins that subscribe to ``name`` and were granted that, but not this one.

        ``name`` is words with dots. One that begins with this plugin's id needs no permission, others need
        ``events:publish`` with the name; ``library.…`` is the host's. ``data`` is what JSON has, at most 64 KiB.
        Raises UsageError for a name or data that cannot be, and PermissionDenied.
        """
        self._ask(codec.PUBLISH, {"name": name, "data": data})
