"""Defines the values that hooks take and return: frozen attrs classes, whose methods only read them.

A path is a ``str`` as ``os.fsdecode`` returns it (bytes that are not UTF-8 become surrogates), so every file that the
system can open has one. Metadata maps field names to a text or to several texts; docs/vocabulary.md lists the names.

Import all names from here. Each class is defined when it is first used, because a plugin's process has to start fast
and needs few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy

if TYPE_CHECKING:
    from viewra.types.assets import Asset, AssetLink, FoundPicture, Resized
    from viewra.types.browse import (
        Album,
        Artist,
        FileEntry,
        Genre,
        LibraryStats,
        Page,
        Season,
        Series,
        Year,
    )
    from viewra.types.events import Event
    from viewra.types.fetched import Fetched
    from viewra.types.hosted import PluginNotice, PluginProgress, StoredValue
    from viewra.types.http import Area, Artwork, RequestHead, RequestPart, ResponseHead, ResponsePart
    from viewra.types.library import (
        FollowLinks,
        Library,
        LibrarySettings,
        Match,
        MediaFile,
        MetadataValue,
        MissingFile,
        Recording,
        ScanCause,
        ScanCounts,
        ScanFailure,
        ScanReport,
        ScanStage,
        ScanStatus,
        SearchHit,
        SearchPage,
    )
    from viewra.types.plugin import Health, PluginContext, PluginInfo
    from viewra.types.result import Result
    from viewra.types.scan import (
        FileOutcome,
        FileToRead,
        LibraryChange,
        LibraryChangeKind,
        LibraryEvent,
        LibraryEventKind,
        ScanEvent,
        ScanEventKind,
        ScanEvents,
    )
    from viewra.types.schema import SchemaRevision, SchemaState
    from viewra.types.search import SearchCapabilities, SearchResponse, SearchResult
    from viewra.types.state import PluginState
    from viewra.types.tasks import Later, NewTask, QueuedTask, Task, TaskDone, TaskSchedule, TaskState
    from viewra.types.web import AdminPage, APIRoute

__all__ = [
    "MAX_ID",
    "APIRoute",
    "AdminPage",
    "Album",
    "Area",
    "Artist",
    "Artwork",
    "Asset",
    "AssetLink",
    "Event",
    "Fetched",
    "FileEntry",
    "FileOutcome",
    "FileToRead",
    "FollowLinks",
    "FoundPicture",
    "Genre",
    "Health",
    "Later",
    "Library",
    "LibraryChange",
    "LibraryChangeKind",
    "LibraryEvent",
    "LibraryEventKind",
    "LibrarySettings",
    "LibraryStats",
    "Match",
    "MediaFile",
    "MetadataValue",
    "MissingFile",
    "NewTask",
    "Page",
    "PluginContext",
    "PluginInfo",
    "PluginNotice",
    "PluginProgress",
    "PluginState",
    "QueuedTask",
    "Recording",
    "RequestHead",
    "RequestPart",
    "Resized",
    "ResponseHead",
    "ResponsePart",
    "Result",
    "ScanCause",
    "ScanCounts",
    "ScanEvent",
    "ScanEventKind",
    "ScanEvents",
    "ScanFailure",
    "ScanReport",
    "ScanStage",
    "ScanStatus",
    "SchemaRevision",
    "SchemaState",
    "SearchCapabilities",
    "SearchHit",
    "SearchPage",
    "SearchResponse",
    "SearchResult",
    "Season",
    "Series",
    "StoredValue",
    "Task",
    "TaskDone",
    "TaskSchedule",
    "TaskState",
    "Year",
]

MAX_ID = 2**32 - 1
"""Ids of media files, scan jobs and libraries are 1 … MAX_ID: the wire carries them as uint32."""

__getattr__ = lazy.names(
    __name__,
    {
        ".assets": "Asset AssetLink FoundPicture Resized",
        ".browse": "Album Artist FileEntry Genre LibraryStats Page Season Series Year",
        ".library": "FollowLinks Library LibrarySettings Match MediaFile MetadataValue MissingFile Recording ScanCause "
        "ScanCounts ScanFailure ScanReport ScanStage ScanStatus SearchHit SearchPage",
        ".events": "Event",
        ".fetched": "Fetched",
        ".hosted": "PluginNotice PluginProgress StoredValue",
        ".plugin": "Health PluginContext PluginInfo",
        ".result": "Result",
        ".scan": "FileOutcome FileToRead LibraryChange LibraryChangeKind LibraryEvent LibraryEventKind ScanEvent "
        "ScanEvents ScanEventKind",
        ".schema": "SchemaRevision SchemaState",
        ".search": "SearchCapabilities SearchResponse SearchResult",
        ".state": "PluginState",
        ".http": "Area Artwork RequestHead RequestPart ResponseHead ResponsePart",
        ".tasks": "Later NewTask QueuedTask Task TaskDone TaskSchedule TaskState",
        ".web": "APIRoute AdminPage",
    },
)
