"""Completes a plugin's answer to ``Info`` from its own manifest, for a host that has not read the manifest.

A viewra host reads the manifest before it starts the plugin, so only other hosts cause this import of the evaluator.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from viewra.codec.protocol import started_by_viewra
from viewra.sdk.log import Logger
from viewra.text import clean, reason

if TYPE_CHECKING:
    from viewra.manifest import Manifest
    from viewra.services import Implementation
    from viewra.types import PluginInfo

MANIFEST_NAME = "plugin.cue"

Complete = Callable[["PluginInfo"], "PluginInfo"]
"""Returns the plugin's info, completed."""


def completion(plugin: Implementation, log: Logger) -> Complete | None:
    """The function that completes this plugin's ``info()`` from its manifest; None for a host that does so itself."""
    if started_by_viewra(os.environ):
        return None
    read = functools.cache(lambda: _manifest(plugin, log))

    def complete(said: PluginInfo) -> PluginInfo:
        manifest = read()
        if manifest is None:
            return said
        from viewra.manifest.info import completed  # light start-up, as below

        return attrs.evolve(
            completed(said, manifest),
            capabilities=said.capabilities or tuple(sorted(manifest.capabilities | manifest.other_capabilities)),
            install_path=said.install_path or str(manifest.directory),
        )

    return complete


def _manifest(plugin: Implementation, log: Logger) -> Manifest | None:
    """The manifest beside the program or beside the plugin's module; None without a valid one."""
    from viewra.errors import ManifestError  # light start-up: imported only for other hosts

    try:
        from viewra.manifest import load
    except ImportError as error:
        log.warning("info is not completed from the manifest: install viewra-sdk[manifest]", error=reason(error))
        return None

    for module in ("__main__", type(plugin).__module__):
        file = getattr(sys.modules.get(module), "__file__", None)
        path = Path(file).resolve().with_name(MANIFEST_NAME) if file else None
        if path is not None and path.is_file():
            try:
                return load(path)
            except ManifestError as error:
                log.warning("the manifest is not valid, so info is not complete", error=clean(reason(error), 1000))
                return None
    return None
