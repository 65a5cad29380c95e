"""The library: folders, their media files, what plugins say of them, and how to find them. It calls hooks only.

Public names are imported when first used: SQLAlchemy takes 0.3 s, and ``display`` must not cost it.
No module is called as a name here: importing it would take the name's place.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from viewra.library.paths import display

if TYPE_CHECKING:
    from viewra.library.events import forget_listener
    from viewra.library.fsck import Finding, verify
    from viewra.library.ignored import Ignored, why_ignored
    from viewra.library.libraries import (
        add_library,
        check_folder,
        distinct_folders,
        get_library,
        list_libraries,
        remove_library,
    )
    from viewra.library.library_settings import (
        change_settings,
        duration_text,
        get_settings,
        keep_excluded,
        parse_duration,
    )
    from viewra.library.missing import count_missing, list_gone, list_missing, purge_gone, purge_missing
    from viewra.library.notify import Notifier
    from viewra.library.priorities import has_read, list_priorities, set_priority
    from viewra.library.recovery import recover
    from viewra.library.relocation import move_library
    from viewra.library.report import ScanProgress
    from viewra.library.scanner import scan
    from viewra.library.searching import search
    from viewra.library.showing import show

__all__ = [
    "Finding",
    "Ignored",
    "Notifier",
    "ScanProgress",
    "add_library",
    "change_settings",
    "check_folder",
    "count_missing",
    "display",
    "distinct_folders",
    "duration_text",
    "forget_listener",
    "get_library",
    "get_settings",
    "has_read",
    "keep_excluded",
    "list_gone",
    "list_libraries",
    "list_missing",
    "list_priorities",
    "move_library",
    "parse_duration",
    "purge_gone",
    "purge_missing",
    "recover",
    "remove_library",
    "scan",
    "search",
    "set_priority",
    "show",
    "verify",
    "why_ignored",
]

_HOMES = {
    "Finding": "fsck",
    "Ignored": "ignored",
    "Notifier": "notify",
    "ScanProgress": "report",
    "add_library": "libraries",
    "change_settings": "library_settings",
    "check_folder": "libraries",
    "count_missing": "missing",
    "distinct_folders": "libraries",
    "duration_text": "library_settings",
    "forget_listener": "events",
    "get_library": "libraries",
    "get_settings": "library_settings",
    "has_read": "priorities",
    "keep_excluded": "library_settings",
    "list_gone": "missing",
    "list_libraries": "libraries",
    "list_missing": "missing",
    "list_priorities": "priorities",
    "move_library": "relocation",
    "parse_duration": "library_settings",
    "purge_gone": "missing",
    "purge_missing": "missing",
    "recover": "recovery",
    "remove_library": "libraries",
    "scan": "scanner",
    "search": "searching",
    "set_priority": "priorities",
    "show": "showing",
    "verify": "fsck",
    "why_ignored": "ignored",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
