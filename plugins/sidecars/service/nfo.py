"""Reads the nfo files of Kodi and Jellyfin: XML on a film, series, episode, artist or album, or the URL of its page.

The elements are those of Kodi's wiki ("NFO files"); Jellyfin's own names are in the same tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from viewra.types.values import Value

from . import texts, xml
from .folder import Folder, stem
from .limits import Limits
from .source import SidecarError, read_bytes, read_text

KINDS = {
    "movie": "movie", "tvshow": "tvshow", "episodedetails": "episode", "season": "season", "musicvideo": "musicvideo",
    "artist": "artist", "album": "album",
}  # fmt: skip
"""Root element → the vocabulary's name of the file's subject."""

_TEXTS = {
    "title": "title", "originaltitle": "original_title", "sorttitle": "titlesort", "showtitle": "show",
    "tagline": "tagline", "genre": "genre", "studio": "studio", "director": "director", "credits": "writer",
    "writer": "writer", "mpaa": "content_rating", "country": "country", "tag": "tag", "artist": "artist",
    "artistdesc": "artist", "albumartist": "albumartist", "label": "label", "type": "releasetype", "mood": "mood",
    "style": "style", "edition": "edition",
}  # fmt: skip
_LISTS = frozenset({"genre", "studio", "director", "writer", "country", "tag", "mood", "style"})
"""Fields of which Kodi takes several from one element, with `` / `` between them."""
_LINES = {"plot": "description", "outline": "outline", "biography": "description", "review": "description"}
_NUMBERS = {"season": "season", "episode": "episode", "seasonnumber": "season", "runtime": "runtime"}
_DATES = ("premiered", "aired", "releasedate", "year")
_FIRST_FILM = "1870"
"""Before this year there were no films: Kodi has written 1601 and the like for dates that it did not know."""
_UUIDS = {
    "musicbrainzalbumid": "musicbrainz_albumid", "musicbrainzreleasegroupid": "musicbrainz_releasegroupid",
    "musicbrainzartistid": "musicbrainz_artistid", "musicbrainzalbumartistid": "musicbrainz_albumartistid",
}  # fmt: skip
_IDS = {"imdb": r"tt[0-9]{5,10}", "tmdb": r"[1-9][0-9]{0,9}", "tvdb": r"[1-9][0-9]{0,9}"}
_ELEMENT_IDS = {
    "imdbid": "imdb", "imdb_id": "imdb", "tmdbid": "tmdb", "tmdb_id": "tmdb", "tvdbid": "tvdb", "tvdb_id": "tvdb",
}  # fmt: skip
_ELSE = r"\S{0,200}?[?&]tab=(?:episode|season)"
_PAGES = (
    ("imdb", "", re.compile(r"imdb\.com/(?:[a-z-]{2,5}/)?title/(tt[0-9]{5,10})(?![0-9])")),
    ("tmdb", "movie", re.compile(r"themoviedb\.org/movie/([1-9][0-9]{0,9})(?![0-9])")),
    ("tmdb", "tvshow", re.compile(r"themoviedb\.org/tv/([1-9][0-9]{0,9})(?![0-9])")),
    ("tvdb", "tvshow", re.compile(rf"thetvdb\.com/(?!{_ELSE})\S{{0,200}}?[?&]id=([1-9][0-9]{{0,9}})(?![0-9])")),
)
"""Pages of databases: the site, what it is on ("": of any kind), and where its id stands."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_SINGLE = frozenset(
    {"title", "original_title", "titlesort", "show", "tagline", "content_rating", "edition", "collection", "album"}
)
"""Fields of texts that have one value."""
_OF_ONE_EPISODE = frozenset({"runtime", "original_title", "titlesort", "tagline", *(f"{site}_id" for site in _IDS)})

Found = dict[str, list[str]]


def read(path: str, name: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    """Return the fields of an nfo file; text without a known URL, as releases have, gives only what it belongs to.

    Raises ``SidecarError`` for damaged XML, XML on something else, and what is no text.
    """
    text = read_text(path, limits)
    found: Found = {}
    if text.lstrip().startswith("<"):
        elements, text = xml.documents(read_bytes(path, limits), limits.encoding)
        roots = [element for element in elements if xml.name(element) in KINDS]
        if not roots:
            raise SidecarError(f"XML on none of {', '.join(KINDS)}")
        kind = KINDS[xml.name(roots[0])]
        episodes = [_taken(root) for root in roots if kind == KINDS[xml.name(root)] == "episode"]
        found = {"nfo_type": [kind], **(_together(episodes) if len(episodes) > 1 else _taken(roots[0]))}
    by_name = "tvshow" if name.lower() == "tvshow.nfo" else "movie"
    _take_pages(text, found, found.get("nfo_type", [by_name])[0])
    media = folder.media() if name.lower() == "movie.nfo" else folder.media_with_stem(stem(name))
    fields: dict[str, Value] = {field: texts.several(values) for field, values in found.items()}
    return fields | {"belongs_to": texts.several(map(texts.file_name, media))}


def _add(found: Found, field: str, *values: str) -> None:
    if any(values):
        found.setdefault(field, []).extend(value for value in values if value)


def _taken(root: Element) -> Found:
    found: Found = {}
    kind = KINDS[xml.name(root)]
    dates: dict[str, str] = {}
    for element in root:
        name, text = xml.name(element), xml.text(element)
        if name in _TEXTS:
            field, whole = _TEXTS[name], xml.whole_text(element)
            _add(found, field, *map(texts.clean, whole.split(" / ") if field in _LISTS else (whole,)))
        elif name in _LINES and _LINES[name] not in found:
            _add(found, _LINES[name], texts.lines(xml.whole_text(element)))
        elif name in _NUMBERS and _NUMBERS[name] not in found:
            _add(found, _NUMBERS[name], _number(name, text, kind))
        elif name == "album" and kind == "musicvideo":
            _add(found, "album", texts.clean(text))
        elif name in _DATES:
            dates.setdefault(name, _date(text, kind))
        elif name in _UUIDS and _UUID.fullmatch(text.lower()):
            _add(found, _UUIDS[name], text.lower())
        elif name == "name" and kind == "artist":
            _add(found, "artist", texts.clean(text))
        elif name == "set":
            _add(found, "collection", texts.clean(_child(element, "name") or text))
        elif name == "actor":
            _actor(element, found)
        else:
            _identify(element, found, kind)
    for field in _SINGLE:
        del found.get(field, [])[1:]
    _add(found, "date", next((dates[name] for name in _DATES if dates.get(name)), ""))
    if kind == "album" and "title" in found:
        found["album"] = found.pop("title")
    return found


def _together(episodes: Sequence[Found]) -> Found:
    """The facts of a file with several episodes: all titles and plots, and nothing that is of one of them alone."""
    found: Found = {}
    for field, values in ((field, values) for episode in episodes for field, values in episode.items()):
        if field not in _OF_ONE_EPISODE:
            found.setdefault(field, []).extend(values)
    for field in {*_LINES.values()} & found.keys():
        found[field] = [texts.lines("\n\n".join(dict.fromkeys(found[field])))]
    for field in _SINGLE - {"title"} | {"date"}:
        del found.get(field, [])[1:]
    return found


def _take_pages(text: str, found: Found, kind: str) -> None:
    """Take the ids of pages of databases; what has no id of its own may name its series."""
    for site, subject, page in _PAGES:
        if match := page.search(text):
            if subject in {"", kind}:
                found.setdefault(f"{site}_id", [match[1]])
            elif subject == "tvshow":
                found.setdefault(f"show_{site}_id", [match[1]])


def _number(name: str, text: str, kind: str) -> str:
    if name == "runtime":
        number = texts.ordinal(re.sub(r"(?i)\s*min(utes?)?\.?$", "", text))
        return number if number != "0" else ""  # it stands for a length that is not known
    return texts.ordinal(text) if kind != "tvshow" else ""  # how many a series has


def _date(text: str, kind: str) -> str:
    date = texts.date(text)
    return date if date >= _FIRST_FILM or kind in {"artist", "album"} else ""


def _identify(element: Element, found: Found, kind: str) -> None:
    """Take an id that a database has for it."""
    name, text = xml.name(element), xml.text(element)
    site = _ELEMENT_IDS.get(name, "")
    if name == "uniqueid":
        site = element.get("type", "").lower()
    elif name == "id" and kind in {"movie", "tvshow", "episode"}:
        site = "imdb" if text.startswith("tt") else ""
    if site in _IDS and re.fullmatch(_IDS[site], text) and f"{site}_id" not in found:
        _add(found, f"{site}_id", text)


def _actor(element: Element, found: Found) -> None:
    who, role = texts.clean(_child(element, "name")), texts.clean(_child(element, "role"))
    _add(found, "actor", f"{who} ({role})" if who and role else who)


def _child(element: Element, wanted: str) -> str:
    return next((xml.text(child) for child in element if xml.name(child) == wanted), "")
