"""Plugin manifests: CUE text to a ``Manifest``, with an evaluator of CUE of its own (``viewra.manifest.cue``).

Finding the files is the host's; keeping an operator's settings too. Nothing here starts a process.
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
