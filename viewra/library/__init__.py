"""The library: folders, their media files, what plugins say of them, and how to find them. It calls hooks only.

Public names are imported when first used: SQLAlchemy takes 0.3 s, and ``display`` must not cost it.
No module is called as a name here: importing it would take the name's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy
from viewra.library.paths import display

if TYPE_CHECKING:
    from viewra.library.events import forget_listener
    from viewra.library.fsck import Finding, verify
    from viewra.library.libraries import add_library, check_folder, distinct_folders, list_libraries, remove_library
    from viewra.library.notify import Notifier
    from viewra.library.priorities import has_read, list_priorities, set_priority
    from viewra.library.recovery import recover
    from viewra.library.report import ScanProgress
    from viewra.library.scanner import scan
    from viewra.library.searching import search
    from viewra.library.showing import show

__all__ = [
    "Finding",
    "Notifier",
    "ScanProgress",
    "add_library",
    "check_folder",
    "display",
    "distinct_folders",
    "forget_listener",
    "has_read",
    "list_libraries",
    "list_priorities",
    "recover",
    "remove_library",
    "scan",
    "search",
    "set_priority",
    "show",
    "verify",
]

__getattr__ = lazy.names(
    __name__,
    {
        ".events": "forget_listener",
        ".fsck": "Finding verify",
        ".libraries": "add_library check_folder distinct_folders list_libraries remove_library",
        ".notify": "Notifier",
        ".priorities": "has_read list_priorities set_priority",
        ".recovery": "recover",
        ".report": "ScanProgress",
        ".scanner": "scan",
        ".searching": "search",
        ".showing": "show",
    },
)
