"""The values that cross hooks: frozen attrs classes, and nothing that does work.

A path is always a ``str`` as ``os.fsdecode`` makes it (bytes that are not UTF-8 become surrogates), so every file
that the system can open has one. Metadata is a mapping of field names to text, or to several texts; the names are
those of docs/vocabulary.md.

All names are imported from here. Each class is made when it is first asked for: a plugin's process, which has to be
quick to start, needs few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy

if TYPE_CHECKING:
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
    from viewra.types.library import (
        FollowLinks,
        Library,
        LibrarySettings,
        MediaFile,
        MetadataValue,
        MissingFile,
        ScanCounts,
        ScanFailure,
        ScanReport,
        ScanStatus,
        SearchHit,
        SearchPage,
    )
    from viewra.types.plugin import Health, PluginContext, PluginInfo
    from viewra.types.result import Result
    from viewra.types.scan import FileOutcome, FileToRead, LibraryEvent, LibraryEventKind, ScanEvent, ScanEventKind
    from viewra.types.schema import SchemaRevision, SchemaState
    from viewra.types.search import SearchCapabilities, SearchResponse, SearchResult
    from viewra.types.state import PluginState
    from viewra.types.web import AdminPage, APIRoute

__all__ = [
    "MAX_ID",
    "APIRoute",
    "AdminPage",
    "Album",
    "Artist",
    "FileEntry",
    "FileOutcome",
    "FileToRead",
    "FollowLinks",
    "Genre",
    "Health",
    "Library",
    "LibraryEvent",
    "LibraryEventKind",
    "LibrarySettings",
    "LibraryStats",
    "MediaFile",
    "MetadataValue",
    "MissingFile",
    "Page",
    "PluginContext",
    "PluginInfo",
    "PluginState",
    "Result",
    "ScanCounts",
    "ScanEvent",
    "ScanEventKind",
    "ScanFailure",
    "ScanReport",
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
    "Year",
]

MAX_ID = 2**32 - 1
"""Ids of media files, scan jobs and libraries are 1 … MAX_ID: the wire carries them as uint32."""

__getattr__ = lazy.names(
    __name__,
    {
        ".browse": "Album Artist FileEntry Genre LibraryStats Page Season Series Year",
        ".library": "FollowLinks Library LibrarySettings MediaFile MetadataValue MissingFile ScanCounts ScanFailure "
        "ScanReport ScanStatus SearchHit SearchPage",
        ".plugin": "Health PluginContext PluginInfo",
        ".result": "Result",
        ".scan": "FileOutcome FileToRead LibraryEvent LibraryEventKind ScanEvent ScanEventKind",
        ".schema": "SchemaRevision SchemaState",
        ".search": "SearchCapabilities SearchResponse SearchResult",
        ".state": "PluginState",
        ".web": "APIRoute AdminPage",
    },
)
