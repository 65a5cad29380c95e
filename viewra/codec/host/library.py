"""``self.host.library``: what is in the libraries, for a plugin with ``library:read``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs

from viewra import types
from viewra.codec import checks
from viewra.codec.host.method import Answered, HostMethod, number, optional
from viewra.codec.rpc import InvalidValue

READ = "library:read"
MAX_ROWS = 1000
"""Rows in one page."""
MAX_FIELDS = 100
"""Fields of metadata in one request."""
MAX_RECORDINGS, MAX_MATCHES, MAX_MATCHED = 50, 20, 1000
"""Recordings in one request, files for each, and characters of one text of them."""
_RECORDING = frozenset(("title", "artist", "duration_s", "musicbrainz_recordingid", "acoustid_id", "isrc"))
_ROLES = ("artist", "albumartist")


def _query(value: object, field: str) -> str:
    return checks.text(value or "", field)


def _limit(value: object, field: str) -> int:
    return 100 if value is None else checks.whole(value, field, least=1, most=MAX_ROWS)


def _role(value: object, field: str) -> str:
    if value not in _ROLES:
        raise InvalidValue(field, f"must be one of {', '.join(_ROLES)}")
    return str(value)


def _id_or_path(value: object, field: str) -> int | str:
    """A path may have surrogates, for bytes that are not UTF-8; JSON escapes them."""
    if not isinstance(value, str):
        return checks.identifier(value, field)
    if not 0 < len(value) <= 4096:
        raise InvalidValue(field, "must be an id or a path")
    return value


def encode_plain(value: Any) -> Answered:
    """A value of attrs classes, maps and lists as JSON data."""
    return _plain(value), b""


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return {field.name: _plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _rows(kind: Callable[[], type[Any]], value: Any, data: bytes) -> Any:
    del data
    made = kind()
    return types.Page(tuple(made(**row) for row in value["items"]), value["next"])


def _list(kind: Callable[[], type[Any]], value: Any, data: bytes) -> Any:
    del data
    made = kind()
    return tuple(made(**row) for row in value)


def _one(kind: Callable[[], type[Any]], value: Any, data: bytes) -> Any:
    del data
    return kind()(**value)


def _file(value: Any, data: bytes) -> types.MediaFile:
    del data
    metadata = {field: _said(one) for field, one in value["metadata"].items()}
    return types.MediaFile(**{**value, "metadata": metadata, "other_paths": tuple(value["other_paths"])})


def _said(one: Any) -> types.MetadataValue:
    others = tuple((plugin, _value(other)) for plugin, other in one["others"])
    return types.MetadataValue(_value(one["value"]), one["plugin"], one["why"], others, one.get("stated_in"))


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _ids(value: object, field: str) -> list[int]:
    if not isinstance(value, list) or len(value) > MAX_ROWS:
        raise InvalidValue(field, f"must be a list of at most {MAX_ROWS:,} ids")
    return [checks.identifier(one, f"{field}[{index}]") for index, one in enumerate(value)]


def _fields(value: object, field: str) -> list[str]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_FIELDS:
        raise InvalidValue(field, f"must be a list of 1 to {MAX_FIELDS} names of fields")
    return [_brief(one, f"{field}[{index}]") for index, one in enumerate(value)]


def _recordings(value: object, field: str) -> list[types.Recording]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_RECORDINGS:
        raise InvalidValue(field, f"must be a list of 1 to {MAX_RECORDINGS} recordings")
    return [_recording(one, f"{field}[{index}]") for index, one in enumerate(value)]


def _recording(value: object, field: str) -> types.Recording:
    if not isinstance(value, dict) or value.keys() - _RECORDING:
        raise InvalidValue(field, f"must have only these fields: {', '.join(sorted(_RECORDING))}")
    texts = {name: _brief(value.get(name) or "", f"{field}.{name}") for name in _RECORDING - {"duration_s"}}
    duration = optional(number(0, 1e7))(value.get("duration_s"), f"{field}.duration_s")
    return types.Recording(**texts, duration_s=duration)  # type: ignore[arg-type]


def _brief(value: object, field: str) -> str:
    text = checks.text(value, field)
    if len(text) > MAX_MATCHED:
        raise InvalidValue(field, f"has more than {MAX_MATCHED:,} characters")
    return text


def _matches(value: Any, data: bytes) -> tuple[tuple[types.Match, ...], ...]:
    del data
    return tuple(tuple(types.Match(**one) for one in found) for found in value)


_PAGED = {"after": optional(checks.text), "limit": _limit}


def _paged(name: str, kind: Callable[[], type[Any]], *, query: bool = True, role: bool = False) -> HostMethod[Any]:
    parameters = {**({"query": _query} if query else {}), **({"role": optional(_role)} if role else {}), **_PAGED}
    return HostMethod(f"library.{name}", parameters, permission=READ, encode=encode_plain, decode=partial(_rows, kind))


LIBRARIES: HostMethod[Any] = HostMethod(
    "library.libraries", permission=READ, encode=encode_plain, decode=partial(_list, lambda: types.Library)
)
FILES = _paged("files", lambda: types.FileEntry)
FILE: HostMethod[Any] = HostMethod(
    "library.file", {"id_or_path": _id_or_path}, permission=READ, encode=encode_plain, decode=_file
)
ALBUMS = _paged("albums", lambda: types.Album)
ARTISTS = _paged("artists", lambda: types.Artist, role=True)
GENRES = _paged("genres", lambda: types.Genre)
SERIES = _paged("series", lambda: types.Series)
PLAYLISTS = _paged("playlists", lambda: types.FileEntry, query=False)
MISSING: HostMethod[Any] = _paged("missing", lambda: types.FileEntry, query=False)
STATS: HostMethod[Any] = HostMethod(
    "library.stats", permission=READ, encode=encode_plain, decode=partial(_one, lambda: types.LibraryStats)
)
FIELDS: HostMethod[Any] = HostMethod("library.fields", permission=READ, decode=lambda value, _data: tuple(value))
MATCH: HostMethod[Any] = HostMethod(
    "library.match",
    {
        "recordings": _recordings,
        "limit": lambda value, field: checks.whole(value, field, least=1, most=MAX_MATCHES),
    },
    permission=READ,
    encode=encode_plain,
    decode=_matches,
)

METADATA: HostMethod[Any] = HostMethod(
    "library.metadata",
    {"ids": _ids, "fields": _fields},
    permission=READ,
    encode=lambda value: (list(value.items()), b""),
    decode=lambda value, _data: {number: {name: _value(one) for name, one in said.items()} for number, said in value},
)

ALL = (LIBRARIES, FILES, FILE, METADATA, ALBUMS, ARTISTS, GENRES, SERIES, PLAYLISTS, MISSING, STATS, FIELDS, MATCH)
