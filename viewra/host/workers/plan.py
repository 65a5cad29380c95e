"""``Plan``: what a worker needs to run the plugins of a scan as the scanning host would."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import attrs

from viewra.host.installed.grants import asked
from viewra.host.plugin import Plugin
from viewra.host.plugin_options import PluginOptions
from viewra.library.engine import PathMap

_LOCAL_OPTIONS = {"services"}
"""Options that concern only the process of the host: workers read files, for which the services of viewra suffice."""


@attrs.frozen
class PlannedGrant:
    """A permission that a plugin requests: whether it is granted, and the operator's folders, by their paths there."""

    name: str
    granted: bool
    paths: tuple[str, ...] = ()


@attrs.frozen
class PlannedPlugin:
    """One plugin: its code by hash, and what the operator chose. ``settings`` may contain secrets."""

    plugin_id: str
    code_hash: str
    grants: tuple[PlannedGrant, ...]
    settings: Mapping[str, object] = attrs.field(repr=False)
    runtime: Mapping[str, object] = attrs.field(repr=False)


@attrs.frozen
class Plan:
    """What a scan's workers do. It has secrets of the plugins that it names, and of no others.

    ``scan`` is its random name, ``viewra`` the version of the scanning host. ``root`` is the folder of
    the library, as it is on workers; ``options`` are those of ``Host``.
    """

    scan: str
    viewra: str
    plugins: tuple[PlannedPlugin, ...]
    root: str
    options: Mapping[str, Any] = attrs.field(repr=False)


def make_plan(
    plugins: Mapping[str, Plugin],
    hashes: Mapping[str, str],
    root: str,
    options: PluginOptions,
    paths: PathMap,
) -> Plan:
    """The plan for these plugins, whose code has these hashes; raises ViewraError for settings that are unreadable."""
    given = {name: value for name, value in attrs.asdict(options, recurse=False).items() if name not in _LOCAL_OPTIONS}
    planned = tuple(_planned(plugins[plugin_id], code_hash, paths) for plugin_id, code_hash in hashes.items())
    return Plan(secrets.token_hex(8), version("viewra"), planned, paths.there(root), given)


def _planned(plugin: Plugin, code_hash: str, paths: PathMap) -> PlannedPlugin:
    requested = {one.name: one.paths for one in asked(plugin.manifest)} if plugin.manifest is not None else {}
    grants = [
        PlannedGrant(
            one.name,
            one.granted,
            tuple(map(paths.there, one.paths)) if one.paths != requested.get(one.name, ()) else (),
        )
        for one in plugin.permissions
    ]
    settings, runtime = plugin.settings.operator(), plugin.runtime_settings.operator()
    return PlannedPlugin(plugin.id, code_hash, tuple(grants), settings, runtime)
