"""Finds the manifest of a plugin object, so that a test's plugin has the settings that a host would give it."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from viewra import manifest as manifests
from viewra.manifest import Manifest
from viewra.sdk.about import MANIFEST_NAME
from viewra.sdk.settings import JSON_KEY
from viewra.services import Implementation

LEVELS = 3
"""Folders that are searched upwards, from that of the module with the plugin's class."""


def config_of(
    plugin: Implementation, settings: Mapping[str, object] | None, manifest: str | Path | None
) -> dict[str, str]:
    """``PluginContext.config``: the settings, checked and completed by the manifest.

    ``manifest`` is the manifest or the plugin's directory; by default it is looked for near the plugin's class. Without
    a manifest the settings are passed as they are. Raises ManifestError.
    """
    file = _named(Path(manifest)) if manifest is not None else _beside(type(plugin))
    if file is None:
        return {JSON_KEY: json.dumps(dict(settings or {}))}
    return _loaded(file, file.stat().st_mtime_ns).settings.config(settings)


def _named(manifest: Path) -> Path:
    return manifest / MANIFEST_NAME if manifest.is_dir() else manifest


def _beside(kind: type) -> Path | None:
    """The manifest in the folder of a class's module, or in one of the folders above; None if there is none."""
    module = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if module is None:
        return None
    candidates = (folder / MANIFEST_NAME for folder in list(Path(module).resolve().parents)[:LEVELS])
    return next((file for file in candidates if file.is_file()), None)


@functools.lru_cache(maxsize=16)  # a suite runs the same plugin for each of its tests
def _loaded(file: Path, _mtime_ns: int) -> Manifest:
    return manifests.load(file)
