"""One channel to one incarnation of a plugin's process.

The supervisor makes it when a process is proven and closes it when that process is to go; adapters only borrow it.
"""

from __future__ import annotations

import grpc


class Connection:
    """A channel that remembers its callables: making one costs as much as a call's own Python."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self._methods: dict[str, grpc.UnaryUnaryMultiCallable[bytes, bytes]] = {}

    def method(self, path: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
        """The callable for a gRPC path; takes and gives serialized messages. Raises ValueError on a closed channel."""
        found = self._methods.get(path)
        if found is None:
            found = self._methods[path] = self.channel.unary_unary(path)
        return found
