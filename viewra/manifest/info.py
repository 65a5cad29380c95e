"""Completes a plugin's info from its manifest."""

from __future__ import annotations

import attrs

from viewra.manifest.model import Manifest
from viewra.types import PluginInfo

_FIELDS = ("id", "name", "version", "description", "author", "website", "repository", "license", "type", "tags")


def completed(said: PluginInfo, manifest: Manifest) -> PluginInfo:
    """The plugin's info, with empty fields taken from the manifest, except ``capabilities``."""
    return attrs.evolve(said, **{name: getattr(manifest, name) for name in _FIELDS if not getattr(said, name)})
