"""What comes out of a hook: one plugin's value, or its error."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from viewra.errors import PluginError

T = TypeVar("T")


@attrs.frozen
class Result(Generic[T]):
    """What one plugin made of one hook call: its value, or its error; never both.

    ``value`` is what the service method returned (None for methods that return nothing); ``error`` is None on success.
    """

    plugin_id: str
    value: T | None = None
    error: PluginError | None = None

    @property
    def ok(self) -> bool:
        """Whether the plugin answered without an error."""
        return self.error is None

    def unwrap(self) -> T:
        """The value; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # a method that returns nothing has T = None
