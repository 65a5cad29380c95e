"""Describes plugins as values for ``viewra plugins list|info|stats``, with or without a running host."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from viewra.adapters import HookStats
from viewra.errors import ViewraError
from viewra.host.admin.values import Details, Enforcement, Figures, HookFigures, Process, RunFigures, Summary
from viewra.host.installed.discovery import Found
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry
from viewra.host.running.limits import limits_of
from viewra.host.running.status import PluginStats, ResourceSample, RunStats
from viewra.library import display
from viewra.types import PluginState


def listing(plugins: Registry) -> list[Summary]:
    """Every plugin found: those in force, then the hidden ones."""
    rows = [summary(plugin) for plugin in all_of(plugins)]
    return rows + [_hidden(found, plugins.get(found.plugin_id)) for found in plugins.hidden]


def all_of(plugins: Registry) -> list[Plugin]:
    """The present plugins: one may be uninstalled meanwhile."""
    there = map(plugins.get, plugins)
    return [plugin for plugin in there if plugin is not None]


def summary(plugin: Plugin) -> Summary:
    """A short description of one plugin."""
    return Summary(**_of_each(plugin))


def details(plugin: Plugin) -> Details:
    """A full description of one plugin, without its figures."""
    said, manifest = plugin.info, plugin.manifest
    of_manifest: dict[str, Any] = {}
    if manifest is not None:
        of_manifest = {
            "entry_point": manifest.entry_point,
            "permissions": plugin.permissions,
            "limits": limits_of(plugin.runtime),
            "runtime": manifest.runtime_schema.without_secrets(plugin.runtime),
            "warnings": (*map(str, manifest.warnings), *_capped(plugin)),
        }
    names = ("description", "author", "website", "repository", "license")
    texts = {name: getattr(said, name) for name in names}
    return Details(
        **_of_each(plugin),
        **texts,
        tags=tuple(said.tags),
        pinned=plugin.pinned,
        sandbox=_enforcement(plugin),
        progress=plugin.progress,
        notices=plugin.notices,
        **of_manifest,
    )


def _capped(plugin: Plugin) -> list[str]:
    held = plugin.runtime.limits
    return [
        f"limits.{name}: {most:g} is more than this host allows: {held[name]:g} holds"
        for name, most in plugin.capped.items()
    ]


def _enforcement(plugin: Plugin) -> Enforcement:
    if plugin.found is not None and plugin.manifest is None:
        return Enforcement("none", (), ("its manifest is not valid: it does not start",))
    try:
        sandbox = plugin.sandbox
    except ViewraError as error:
        return Enforcement("none", (), (f"it does not start: {error}",))
    if sandbox is None:
        return Enforcement("none", (), ("everything: it runs unconfined, in the host's own process",))
    return Enforcement(sandbox.backend, sandbox.enforced, sandbox.missing)


def figures_of(plugin: Plugin) -> Figures:
    """One plugin's figures; an object in the host's process has no limits of its own."""
    return figures(plugin.id, plugin.stats, limits_of(plugin.runtime) if plugin.found is not None else {})


def figures(plugin_id: str, stats: PluginStats, limits: Mapping[str, float] | None = None) -> Figures:
    """One plugin's figures: its present and past processes, its calls in all and by hook."""
    latest = stats.resources[-1] if stats.resources and stats.pid is not None else None
    return Figures(
        id=plugin_id,
        state=stats.state,
        pid=stats.pid,
        pids=stats.pids,
        uptime_s=round(time.time() - stats.started_at, 3) if stats.started_at is not None else None,
        starts=stats.starts,
        crashes=stats.crashes,
        reloads=stats.reloads,
        process=_process(latest),
        **attrs.asdict(_calls(_together(stats.hooks.values()))),
        in_flight=stats.in_flight,
        queued=stats.queued,
        breaker=stats.breaker,
        health=stats.health,
        hooks={name: _calls(hook) for name, hook in sorted(stats.hooks.items())},
        host_calls={name: _calls(one) for name, one in sorted(stats.host_calls.items())},
        fetched_bytes=stats.fetched_bytes,
        limits=limits or {},
        disk_bytes=stats.disk_bytes,
        history=stats.resources,
        runs=tuple(map(_run, stats.runs)),
    )


def _run(run: RunStats) -> RunFigures:
    return RunFigures(
        pid=run.pid,
        uptime_s=round(time.time() - run.started_at, 3),
        in_flight=run.in_flight,
        health=run.health,
        process=_process(run.resources[-1] if run.resources else None),
        origin=run.origin,
    )


def _process(sample: ResourceSample | None) -> Process | None:
    names = [field.name for field in attrs.fields(Process)]
    return Process(**{name: getattr(sample, name) for name in names}) if sample is not None else None


def _of_each(plugin: Plugin) -> dict[str, Any]:
    said, stats = plugin.info, plugin.stats
    return {
        "id": plugin.id,
        "name": said.name,
        "version": said.version,
        "type": said.type,
        "state": plugin.state,
        "reason": plugin.reason,
        "pid": plugin.pid,
        "pids": stats.pids,
        "origins": tuple(run.origin.kind for run in stats.runs),
        "spawned": tuple(sorted({run.origin.reason for run in stats.runs if run.origin.reason})),
        "services": plugin.services,
        "path": plugin.path,
        "health": stats.health,
        "breaker": stats.breaker,
    }


def _calls(stats: HookStats) -> HookFigures:
    return HookFigures(
        calls=stats.calls,
        errors=stats.failed,
        errors_by_kind=dict(stats.errors),
        p50_s=round(stats.quantile_s(0.5), 6),
        p90_s=round(stats.quantile_s(0.9), 6),
        p99_s=round(stats.quantile_s(0.99), 6),
        max_s=round(stats.max_s, 6),
    )


def _together(hooks: Iterable[HookStats]) -> HookStats:
    """The sum of several methods' calls."""
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


def _hidden(found: Found, by: Plugin | None) -> Summary:
    manifest = found.manifest
    why = (
        f"hidden by {display(str(by.path))}"
        if by is not None
        else "the plugin that hid it is gone: the next host may use it"
    )
    return Summary(
        id=found.plugin_id,
        name=manifest.name if manifest else "",
        version=manifest.version if manifest else "",
        type=manifest.type if manifest else "",
        state=PluginState.INVALID if manifest is None else PluginState.DISABLED,
        reason=why if manifest else "; ".join(map(str, found.errors)),
        pid=None,
        pids=(),
        origins=(),
        spawned=(),
        services=tuple(sorted(manifest.capabilities)) if manifest else (),
        path=found.path,
        health=None,
        breaker=None,
    )
