"""Checks the health of all running plugins at the same time; starts none."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from viewra.errors import NotOffered, PluginError, PluginFault, PluginTimeout
from viewra.host.admin.values import Checkup
from viewra.host.plugin import Plugin
from viewra.host.running.status import Condition
from viewra.types import PluginState

BROKEN_DOWN = {PluginState.CRASHED, PluginState.BACKOFF, PluginState.QUARANTINED}
"""States of a plugin that should run and does not."""


def check_health(plugins: Sequence[Plugin]) -> list[Checkup]:
    """The health of each plugin, in the given order."""
    if not plugins:
        return []
    with ThreadPoolExecutor(len(plugins), thread_name_prefix="health") as pool:
        return list(pool.map(_check, plugins))


def _check(plugin: Plugin) -> Checkup:
    if plugin.state is not PluginState.RUNNING:
        well = plugin.state not in BROKEN_DOWN
        return _row(plugin, Condition.UNKNOWN, None, None, "" if well else plugin.reason, well=well)
    transport: bool | None = True
    own: bool | None = None
    try:
        said = plugin.health()
    except NotOffered:
        error = ""
    except PluginFault as fault:
        own, error = False, fault.message
    except PluginTimeout as late:  # Health may wait for a remote site, so this does not mean that the process hangs
        transport, error = plugin.health_report.transport, late.message
    except PluginError as gone:
        transport, error = False, gone.message
    else:
        own, error = said.healthy, "" if said.healthy else said.error or "it gives no reason"
    breaker = plugin.stats.breaker
    if not error and breaker != "closed":
        error = f"too many of its calls failed: its breaker is {breaker}"
    condition = Condition.UNHEALTHY if transport is False else Condition.DEGRADED if error else Condition.HEALTHY
    return _row(plugin, condition, transport, own, error, well=condition is Condition.HEALTHY)


def _row(
    plugin: Plugin, condition: Condition, transport: bool | None, own: bool | None, error: str, *, well: bool
) -> Checkup:
    return Checkup(plugin.id, plugin.state, condition, transport, own, error, plugin.stats.breaker, well)
