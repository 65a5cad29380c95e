"""Search by what MusicBrainz knows and tags often lack: aliases of artists, ids, ISRCs."""

from __future__ import annotations

from collections.abc import Mapping

from viewra.types import SearchCapabilities, SearchResponse, SearchResult

from .answers import Recording
from .store import Store, Terms
from .texts import words

MOST = 1000
"""Hits of one answer."""
FIELDS = ("title", "artist", "album", "isrc", "musicbrainz_recordingid", "musicbrainz_artistid")
CAPABILITIES = SearchCapabilities(FIELDS, supports_pagination=True, max_results=MOST)
_MOST_WORDS = 20
_EXACT, _BY_WORDS = 1.0, 0.5
_IDS = frozenset(["isrc", "musicbrainz_recordingid", "musicbrainz_artistid"])


def terms_of(recording: Recording, album: str) -> Terms:
    """The words by which a file is found that is this recording."""
    names = [name for one in recording.artists for name in (one.name, one.credited, one.sort_name, *one.aliases)]
    said = {
        "title": [recording.title],
        "artist": [recording.credit, *names],
        "album": [album],
        "isrc": recording.isrcs,
        "musicbrainz_recordingid": [recording.id],
        "musicbrainz_artistid": [one.id for one in recording.artists],
    }
    return {field: [word for text in texts for word in words(text)] for field, texts in said.items()}


def search(store: Store, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
    """The files that have all words of the query; none for a field that is not searched."""
    asked = {field: _words(text) for field, text in query.items()}
    if not asked or not all(asked.values()) or not set(asked) <= {"q", *FIELDS}:
        return SearchResponse()
    rows, total = store.found_by(asked, min(limit, MOST), offset)
    score = _EXACT if set(asked) <= _IDS else _BY_WORDS
    hits = [
        SearchResult(
            str(row.media_file_id),
            row.title,
            row.artist,
            row.album,
            score,
            {"path": row.shown_path, "musicbrainz_recordingid": row.recording_id},
        )
        for row in rows
    ]
    return SearchResponse(hits, total, total > offset + len(hits))


def _words(text: str) -> list[str]:
    """Words in a query; several ids are several words."""
    return [word for part in text.split() for word in words(part)][:_MOST_WORDS]
