"""How a plugin's process is run: from the manifest's data to values, and what an operator may set otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from viewra.manifest import model
from viewra.manifest.cue.data import Data
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.node import Conjunct
from viewra.manifest.settings import SettingsSchema


class RuntimeSchema:
    """What may be set of a manifest's ``runtime``; what is not set stays as the manifest has it."""

    def __init__(
        self, plugin_id: str, conjuncts: Sequence[Conjunct], given: Mapping[str, Data], limits: Limits
    ) -> None:
        """``conjuncts`` are those of the schema's ``#Runtime``, ``given`` is the manifest's own, defaults filled in."""
        self.settings = SettingsSchema(plugin_id, conjuncts, limits, name="runtime")
        self.given = _flat(given)

    def runtime(self, values: Mapping[str, object]) -> model.Runtime:
        """With ``values``, under dotted keys, in place of the manifest's; ManifestError for what does not fit."""
        return runtime(self.settings.fill({**self.given, **values}))


def runtime(data: Mapping[str, Any]) -> model.Runtime:
    """From the data of a manifest's ``runtime``, with its defaults."""
    whole = {field.name: data[field.name] for field in attrs.fields(model.Runtime)}
    return model.Runtime(
        **{
            **whole,
            "idle_timeout_s": float(data["idle_timeout_s"]),
            "start_timeout_s": float(data["start_timeout_s"]),
            "call_timeout_s": {name: float(seconds) for name, seconds in data["call_timeout_s"].items()},
            "restart": model.Restart(data["restart"]["max"], float(data["restart"]["window_s"])),
            "health": model.HealthChecks(
                interval_s=float(data["health"]["interval_s"]),
                own_interval_s=float(data["health"]["own_interval_s"]),
                timeout_s=float(data["health"]["timeout_s"]),
                failures=data["health"]["failures"],
                restart=data["health"]["restart"],
            ),
        }
    )


def _flat(data: Mapping[str, Data], prefix: str = "") -> dict[str, Data]:
    found: dict[str, Data] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{name}."))
        else:
            found[f"{prefix}{name}"] = value
    return found
