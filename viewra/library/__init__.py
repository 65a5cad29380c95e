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
    from viewra.library.libraries import add_library, check_folder, distinct_folders, list_libraries, remove_library
    from viewra.library.notify import Notifier
    from viewra.library.priorities import has_read, list_priorities, set_priority
    from viewra.library.recovery import recover
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
    "KnownFailure",
    "ListenerState",
    "Notifier",
    "ScanProgress",
    "add_library",
    "check_folder",
    "display",
    "distinct_folders",
    "drop_set_aside",
    "failures_of",
    "forget_listener",
    "has_read",
    "list_failures",
    "list_libraries",
    "list_priorities",
    "listener_state",
    "recover",
    "remove_library",
    "retry_set_aside",
    "scan",
    "search",
    "set_aside_counts",
    "set_priority",
    "show",
    "verify",
]

_HOMES = {
    "Finding": "fsck",
    "KnownFailure": "failures",
    "ListenerState": "set_aside",
    "Notifier": "notify",
    "ScanProgress": "report",
    "add_library": "libraries",
    "check_folder": "libraries",
    "distinct_folders": "libraries",
    "failures_of": "failures",
    "forget_listener": "events",
    "has_read": "priorities",
    "list_failures": "failures",
    "list_libraries": "libraries",
    "list_priorities": "priorities",
    "listener_state": "set_aside",
    "recover": "recovery",
    "remove_library": "libraries",
    "scan": "scanner",
    "search": "searching",
    "set_priority": "priorities",
    "show": "showing",
    "verify": "fsck",
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
