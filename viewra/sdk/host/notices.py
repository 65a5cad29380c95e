"""``self.host.progress`` and ``self.host.notify``: what the operator sees of a plugin's work."""

from __future__ import annotations

from viewra.codec.host import notices as codec
from viewra.sdk.host.asking import Client


class Progress(Client):
    """How far a plugin's work is, shown by ``viewra plugins info`` and the admin pages until it ends.

    At most 16 names at a time: a further one takes the place of the one that was reported longest ago.
    """

    def report(self, name: str, done: float, total: float | None = None, *, text: str = "") -> None:
        """Say that ``done`` of ``total`` units (None: unknown) of some work are done; ``text`` is what it does now."""
        arguments: dict[str, object] = {"name": name, "done": done, "text": text}
        if total is not None:
            arguments["total"] = total
        self._ask(codec.PROGRESS_REPORT, arguments)

    def end(self, name: str) -> None:
        """Say that the work of this name has ended: it is no longer shown."""
        self._ask(codec.PROGRESS_END, {"name": name})


class Notify(Client):
    """Messages to the operator, kept by the host: the last 100 of a plugin."""

    def __call__(self, text: str, *, level: str = "info", key: str = "") -> None:
        """Send a message; ``level`` is info, warning or error. It replaces an earlier one with the same ``key``."""
        self._ask(codec.NOTIFY_SEND, {"text": text, "level": level, "key": key})

    def withdraw(self, key: str) -> None:
        """Remove the message with this key: what it said no longer holds."""
        self._ask(codec.NOTIFY_WITHDRAW, {"key": key})
