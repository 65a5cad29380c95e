"""The result of a hook call: one plugin's value or its error."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from viewra.errors import PluginError

T = TypeVar("T")


@attrs.frozen
class Result(Generic[T]):
    """One plugin's answer to one hook call: a value or an error, never both.

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
        """Return the value, or raise the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # a method that returns nothing has T = None
