"""Plugins as JSON data: what ``viewra plugins list|info|health|stats`` print, whether a host runs or one only looks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import attrs

from viewra.adapters import HookStats
from viewra.host.installed.discovery import Found
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry
from viewra.host.running.status import PluginStats, RunStats
from viewra.library import display


def listing(plugins: Registry) -> list[dict[str, Any]]:
    """Every plugin found: those in force, then those that they hide."""
    rows = [summary(plugin) for plugin in all_of(plugins)]
    return rows + [_hidden(found, plugins.get(found.plugin_id)) for found in plugins.hidden]


def all_of(plugins: Registry) -> list[Plugin]:
    """The plugins that there are at this moment: one may be uninstalled meanwhile."""
    there = map(plugins.get, plugins)
    return [plugin for plugin in there if plugin is not None]


def summary(plugin: Plugin) -> dict[str, Any]:
    """One plugin in short."""
    said = plugin.info
    stats = plugin.stats
    return {
        "id": plugin.id,
        "name": said.name,
        "version": said.version,
        "type": said.type,
        "state": str(plugin.state),
        "reason": plugin.reason,
        "pid": plugin.pid,
        "pids": list(stats.pids),
        "services": list(plugin.services),
        "path": display(str(plugin.path)) if plugin.path else None,
        "health": attrs.asdict(stats.health),
        "breaker": stats.breaker,
    }


def details(plugin: Plugin) -> dict[str, Any]:
    """All that is known of one plugin, but for its figures."""
    said = plugin.info
    names = ("description", "author", "website", "repository", "license")
    data = {**summary(plugin), **{name: getattr(said, name) for name in names}, "tags": list(said.tags)}
    pin = plugin.pinned
    data["pinned"] = {"entry": pin.entry, "tree": pin.tree} if pin is not None else None
    if plugin.manifest is not None:
        data["entry_point"] = plugin.manifest.entry_point
        data["permissions"] = [
            f"{permission.resource}: {', '.join(permission.actions)}" for permission in plugin.manifest.permissions
        ]
        data["runtime"] = attrs.asdict(plugin.runtime)
        data["warnings"] = [str(warning) for warning in plugin.manifest.warnings]
    return data


def figures(plugin_id: str, stats: PluginStats) -> dict[str, Any]:
    """One plugin's figures: its process now and before, its calls in all and by hook. Times in seconds."""
    latest = stats.resources[-1] if stats.resources else None
    process = attrs.asdict(latest) if latest is not None and stats.pid is not None else {}
    process.pop("at", None)
    return {
        "id": plugin_id,
        "state": str(stats.state),
        "pid": stats.pid,
        "pids": list(stats.pids),
        "uptime_s": round(time.time() - stats.started_at, 3) if stats.started_at is not None else None,
        "starts": stats.starts,
        "crashes": stats.crashes,
        "reloads": stats.reloads,
        "process": process or None,
        **_calls(_together(stats.hooks.values())),
        "in_flight": stats.in_flight,
        "queued": stats.queued,
        "breaker": stats.breaker,
        "health": attrs.asdict(stats.health),
        "hooks": {name: _calls(hook) for name, hook in sorted(stats.hooks.items())},
        "history": [attrs.asdict(sample) for sample in stats.resources],
        "runs": [_run(run) for run in stats.runs],
    }


def _run(run: RunStats) -> dict[str, Any]:
    return {
        "pid": run.pid,
        "uptime_s": round(time.time() - run.started_at, 3),
        "in_flight": run.in_flight,
        "health": attrs.asdict(run.health),
        "process": attrs.asdict(run.resources[-1]) if run.resources else None,
    }


def _calls(stats: HookStats) -> dict[str, Any]:
    quantiles = {f"p{percent}_s": stats.quantile_s(percent / 100) for percent in (50, 90, 99)}
    return {
        "calls": stats.calls,
        "errors": stats.failed,
        "errors_by_kind": dict(stats.errors),
        **{name: round(value, 6) for name, value in {**quantiles, "max_s": stats.max_s}.items()},
    }


def _together(hooks: Iterable[HookStats]) -> HookStats:
    """The calls of several methods as if they were one's."""
    several = list(hooks)
    errors: Counter[str] = Counter()
    for one in several:
        errors.update(one.errors)
    return HookStats(
        calls=sum(one.calls for one in several),
        errors=errors,
        total_s=sum(one.total_s for one in several),
        max_s=max((one.max_s for one in several), default=0.0),
        buckets=tuple(map(sum, zip(*(one.buckets for one in several), strict=True))) or HookStats().buckets,
    )


def _hidden(found: Found, by: Plugin | None) -> dict[str, Any]:
    manifest = found.manifest
    why = f"hidden by {display(str(by.path))}" if by is not None else "what hid it is gone: the next host may have it"
    return {
        "id": found.plugin_id,
        "name": manifest.name if manifest else "",
        "version": manifest.version if manifest else "",
        "type": manifest.type if manifest else "",
        "state": "invalid" if manifest is None else "disabled",
        "reason": why if manifest else "; ".join(map(str, found.errors)),
        "pid": None,
        "pids": [],
        "services": sorted(manifest.capabilities) if manifest else [],
        "path": display(str(found.directory)),
        "health": None,
        "breaker": None,
    }
