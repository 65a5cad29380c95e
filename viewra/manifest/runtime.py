"""How a plugin's processes run: a manifest's ``runtime`` as values, and what operators may override."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from viewra.manifest.cue.data import Data
from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.node import Conjunct
from viewra.manifest.settings import SettingsSchema


@attrs.frozen
class Restart:
    """How often a crashed plugin is restarted: at most ``max`` times in ``window_s`` seconds."""

    max: int = 5
    window_s: float = 60.0


@attrs.frozen
class HealthChecks:
    """How often a running plugin's health is checked, in seconds.

    Its process is checked every ``interval_s``, the plugin itself (which may ask a remote site) every
    ``own_interval_s``; each check may take ``timeout_s``. After ``failures`` failed checks in a row the plugin is
    restarted, depending on ``restart``: for checks of the ``transport`` (the process), for ``both``, or ``never``.
    """

    interval_s: float = 10.0
    own_interval_s: float = 60.0
    timeout_s: float = 5.0
    failures: int = 3
    restart: str = "transport"


@attrs.frozen
class TaskRules:
    """How a plugin's tasks are executed: at most ``concurrency`` at once and ``per_minute`` (0: as many as can be).

    A task is tried ``attempts`` times unless it says otherwise.
    """

    concurrency: int = 1
    per_minute: float = 0.0
    attempts: int = 5


@attrs.frozen
class Runtime:
    """How the plugin's process is run. Times are in seconds; ``idle_timeout_s`` 0 means never.

    ``call_timeout_s`` has ``default`` and exceptions by hook name. At most ``max_calls`` are in flight at once, and
    ``max_queue`` wait. ``limits`` may have ``memory_mb``, ``cpu_percent``, ``open_files``, ``processes``, ``file_mb``,
    ``disk_mb``, ``network_kb_s`` and ``requests_per_s``. ``workers`` processes share the calls; ``"auto"`` lets the
    host choose. ``env`` is added to the process's environment. ``reload`` is ``blue-green`` or ``restart``. A
    ``detachable`` plugin may outlive its host, under a lease. A plugin that is not ``lazy`` starts with the host.
    """

    workers: int | Literal["auto"] = 1
    env: Mapping[str, str] = attrs.field(factory=dict)
    lazy: bool = True
    idle_timeout_s: float = 0.0
    start_timeout_s: float = 60.0
    call_timeout_s: Mapping[str, float] = attrs.field(factory=lambda: {"default": 30.0})
    max_calls: int = 64
    max_queue: int = 256
    limits: Mapping[str, float] = attrs.field(factory=dict)
    restart: Restart = attrs.field(factory=Restart)
    health: HealthChecks = attrs.field(factory=HealthChecks)
    tasks: TaskRules = attrs.field(factory=TaskRules)
    reload: str = "blue-green"
    detachable: bool = False


HIDDEN = "(secret)"
"""What is shown of a secret variable."""


class RuntimeSchema:
    """The schema of a manifest's ``runtime``: validates an operator's values and merges them."""

    def __init__(
        self,
        plugin_id: str,
        conjuncts: Sequence[Conjunct],
        own: Sequence[Conjunct],
        given: Mapping[str, Data],
        limits: Limits,
    ) -> None:
        """``conjuncts`` are those of the schema's ``#Runtime``, ``own`` those of the manifest's ``runtime``.

        ``given`` is the latter's value, with defaults.
        """
        self.settings = SettingsSchema(plugin_id, conjuncts, limits, name="runtime", marks=own)
        self.given = _flat(given)

    def runtime(self, values: Mapping[str, object]) -> Runtime:
        """The manifest's runtime with ``values``, by dotted keys, in place of its own. Raises ManifestError."""
        return runtime(self.settings.fill({**self.given, **values}))

    def without_secrets(self, how: Runtime) -> Runtime:
        """A plugin's runtime as it may be shown."""
        covers = self.settings.secrets.covers
        return attrs.evolve(how, env={name: HIDDEN if covers(("env", name)) else how.env[name] for name in how.env})


def runtime(data: Mapping[str, Any]) -> Runtime:
    """Read a manifest's evaluated ``runtime`` data."""
    whole = {field.name: data[field.name] for field in attrs.fields(Runtime)}
    return Runtime(
        **{
            **whole,
            "idle_timeout_s": float(data["idle_timeout_s"]),
            "start_timeout_s": float(data["start_timeout_s"]),
            "call_timeout_s": {name: float(seconds) for name, seconds in data["call_timeout_s"].items()},
            "tasks": TaskRules(
                data["tasks"]["concurrency"],
                float(data["tasks"].get("per_minute", 0.0)),
                data["tasks"]["attempts"],
            ),
            "restart": Restart(data["restart"]["max"], float(data["restart"]["window_s"])),
            "health": HealthChecks(
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
