"""Plugin manifests: turns CUE text into a ``Manifest``, with our own evaluator of CUE (``viewra.manifest.cue``).

The host finds the files and stores operators' settings. Nothing here starts a process.
"""

from __future__ import annotations

from viewra.manifest.load import load
from viewra.manifest.model import Manifest, Permission
from viewra.manifest.report import CheckReport, as_dict, check, entry_point_problem, render
from viewra.manifest.runtime import HealthChecks, Restart, Runtime, RuntimeSchema
from viewra.manifest.setting_fields import SettingField, SettingsGroup
from viewra.manifest.settings import SettingsSchema

__all__ = [
    "CheckReport",
    "HealthChecks",
    "Manifest",
    "Permission",
    "Restart",
    "Runtime",
    "RuntimeSchema",
    "SettingField",
    "SettingsGroup",
    "SettingsSchema",
    "as_dict",
    "check",
    "entry_point_problem",
    "load",
    "render",
]
