"""What a caller does with an open stream to a plugin, wherever the plugin runs."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self, TypeVar

Item_contra = TypeVar("Item_contra", contravariant=True)
Value_co = TypeVar("Value_co", covariant=True)


class Exchange(Protocol[Item_contra, Value_co]):
    """A stream to a plugin: items go to it, values come from it, and a side that does not read makes the other wait.

    One thread sends and one receives; any thread may close. It counts as a call in flight until it is received to its
    end, fails, or is closed: use it in a ``with`` block.
    """

    def send(self, item: Item_contra, timeout_s: float) -> bool:
        """Send an item, after at most ``timeout_s`` seconds in which the plugin reads those before it.

        False if the plugin has ended the call, or it failed: ``receive`` tells which. Raises PluginTimeout.
        """
        ...

    def finish(self) -> None:
        """Send no more items."""
        ...

    def receive(self, timeout_s: float) -> Value_co | None:
        """Wait ``timeout_s`` seconds at most for the next value; None at the end, and when it is closed.

        Raises a PluginError.
        """
        ...

    def close(self) -> None:
        """End the stream, if it is not over."""
        ...

    def __enter__(self) -> Self:
        """The stream itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        ...
