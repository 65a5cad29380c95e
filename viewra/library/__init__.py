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
    from viewra.library.failures import KnownFailure, failures_of, list_failures
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
    from viewra.library.set_aside import ListenerState, listener_state
    from viewra.library.set_aside import counts as set_aside_counts
    from viewra.library.set_aside import drop as drop_set_aside
    from viewra.library.set_aside import retry as retry_set_aside
    from viewra.library.showing import show

__all__ = [
    "Finding",
    "Ignored",
    "KnownFailure",
    "ListenerState",
    "Notifier",
    "ScanProgress",
    "add_library",
    "change_settings",
    "check_folder",
    "count_missing",
    "display",
    "distinct_folders",
    "drop_set_aside",
    "duration_text",
    "failures_of",
    "forget_listener",
    "get_library",
    "get_settings",
    "has_read",
    "keep_excluded",
    "list_failures",
    "list_gone",
    "list_libraries",
    "list_missing",
    "list_priorities",
    "listener_state",
    "move_library",
    "parse_duration",
    "purge_gone",
    "purge_missing",
    "recover",
    "remove_library",
    "retry_set_aside",
    "scan",
    "search",
    "set_aside_counts",
    "set_priority",
    "show",
    "verify",
    "why_ignored",
]

_HOMES = {
    "Finding": "fsck",
    "KnownFailure": "failures",
    "ListenerState": "set_aside",
    "Ignored": "ignored",
    "Notifier": "notify",
    "ScanProgress": "report",
    "add_library": "libraries",
    "change_settings": "library_settings",
    "check_folder": "libraries",
    "count_missing": "missing",
    "distinct_folders": "libraries",
    "failures_of": "failures",
    "duration_text": "library_settings",
    "forget_listener": "events",
    "get_library": "libraries",
    "get_settings": "library_settings",
    "has_read": "priorities",
    "list_failures": "failures",
    "keep_excluded": "library_settings",
    "list_gone": "missing",
    "list_libraries": "libraries",
    "list_missing": "missing",
    "list_priorities": "priorities",
    "listener_state": "set_aside",
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


_OTHER_NAMES = {
    "drop_set_aside": ("set_aside", "drop"),
    "retry_set_aside": ("set_aside", "retry"),
    "set_aside_counts": ("set_aside", "counts"),
}
"""Those whose name says more here than at home."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in _OTHER_NAMES:
        home, own = _OTHER_NAMES[name]
        return getattr(importlib.import_module(f"{__name__}.{home}"), own)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
