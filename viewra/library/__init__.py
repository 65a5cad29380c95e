"""The library: folders, their media files, the metadata that plugins read from them, and search. It calls hooks only.

Public names are imported when first used: SQLAlchemy takes 0.3 s, which ``display`` must not cost. No module has the
name of a function here, since importing the module would replace the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy
from viewra.library.paths import display

if TYPE_CHECKING:
    from viewra.library.access import LibraryAccess
    from viewra.library.events import forget_listener
    from viewra.library.failures import KnownFailure, failures_of, list_failures
    from viewra.library.fsck import Finding, verify
    from viewra.library.ignored import Ignored, why_ignored
    from viewra.library.libraries import (
        add_library,
        check_folder,
        distinct_folders,
        get_library,
        is_in_library,
        library_paths,
        list_libraries,
        remove_library,
    )
    from viewra.library.library_settings import (
        change_settings,
        get_settings,
        keep_excluded,
    )
    from viewra.library.missing import count_missing, list_gone, list_missing, purge_gone, purge_missing
    from viewra.library.mounts import Mounts
    from viewra.library.notify import Notifier
    from viewra.library.priorities import has_read, list_priorities, set_priority
    from viewra.library.recovery import catch_up, recover
    from viewra.library.relocation import move_library
    from viewra.library.report import ScanProgress
    from viewra.library.scan_history import ScanRecord, get_scan, list_scans
    from viewra.library.scanner import scan
    from viewra.library.searching import search
    from viewra.library.set_aside import (
        ListenerState,
        drop_set_aside,
        listener_state,
        retry_set_aside,
        set_aside_counts,
    )
    from viewra.library.showing import metadata_of, show

__all__ = [
    "Finding",
    "Ignored",
    "KnownFailure",
    "LibraryAccess",
    "ListenerState",
    "Mounts",
    "Notifier",
    "ScanProgress",
    "ScanRecord",
    "add_library",
    "catch_up",
    "change_settings",
    "check_folder",
    "count_missing",
    "display",
    "distinct_folders",
    "drop_set_aside",
    "failures_of",
    "forget_listener",
    "get_library",
    "get_scan",
    "get_settings",
    "has_read",
    "is_in_library",
    "keep_excluded",
    "library_paths",
    "list_failures",
    "list_gone",
    "list_libraries",
    "list_missing",
    "list_priorities",
    "list_scans",
    "listener_state",
    "metadata_of",
    "move_library",
    "purge_gone",
    "purge_missing",
    "recover",
    "remove_library",
    "retry_set_aside",
    "root_of",
    "scan",
    "search",
    "set_aside_counts",
    "set_priority",
    "show",
    "verify",
    "why_ignored",
]

__getattr__ = lazy.names(
    __name__,
    {
        ".access": "LibraryAccess",
        ".events": "forget_listener",
        ".failures": "KnownFailure failures_of list_failures",
        ".fsck": "Finding verify",
        ".ignored": "Ignored why_ignored",
        ".libraries": "add_library check_folder distinct_folders get_library is_in_library library_paths "
        "list_libraries remove_library root_of",
        ".library_settings": "change_settings get_settings keep_excluded",
        ".missing": "count_missing list_gone list_missing purge_gone purge_missing",
        ".mounts": "Mounts",
        ".notify": "Notifier",
        ".priorities": "has_read list_priorities set_priority",
        ".recovery": "catch_up recover",
        ".relocation": "move_library",
        ".report": "ScanProgress",
        ".scan_history": "ScanRecord get_scan list_scans",
        ".scanner": "scan",
        ".searching": "search",
        ".set_aside": "ListenerState drop_set_aside listener_state retry_set_aside set_aside_counts",
        ".showing": "metadata_of show",
    },
)
