"""A plugin's settings, as attributes or items: ``self.settings.timeout``, ``self.settings["timeout"]``.

Read from the JSON document of the host, which has checked and completed it by the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

JSON_KEY = "_json"
"""The entry of ``PluginContext.config`` that holds all settings as one JSON document."""


class Settings(Mapping[str, Any]):
    """Read-only settings; a nested struct is a ``Settings`` object, a list is a tuple."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key: _freeze(value) for key, value in values.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> Settings:
        """The settings in ``PluginContext.config``; all values are text if the host sends no JSON document."""
        if JSON_KEY in config:
            return cls(json.loads(config[JSON_KEY]))
        return cls(config)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # before __init__ has run, during copy and pickle
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(f"no setting {name!r}; the manifest has: {known}") from None

    def __repr__(self) -> str:
        return f"Settings({', '.join(self._values)})"  # names only: a value may be secret


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Settings(value)
    return tuple(map(_freeze, value)) if isinstance(value, list) else value
