"""Stands for MusicBrainz, AcoustID and the Cover Art Archive: answers in the shapes that their documents describe."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_DNS, uuid5

import attrs

from tests.unit.bridge.fetch.serving import Asked, Said, serving
from viewra.errors import FetchFailed, NotFound
from viewra.testing import FakeFetch
from viewra.types import Fetched

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
ENDLESS = b"without end"
"""In place of a body: a server on this machine sends one that does not end."""


def mbid(name: str) -> str:
    """An id for a name."""
    return str(uuid5(NAMESPACE_DNS, name))


def artist(name: str, *aliases: str, sort_name: str = "") -> dict[str, Any]:
    """An artist as ``inc=aliases`` gives it."""
    found = [{"name": one, "sort-name": one, "type": None, "locale": None, "primary": None} for one in aliases]
    return {"id": mbid(name), "name": name, "sort-name": sort_name or name, "disambiguation": "", "aliases": found}


def credit(*artists: dict[str, Any], join: str = " & ") -> list[dict[str, Any]]:
    """An artist credit."""
    return [
        {"name": one["name"], "joinphrase": join if at < len(artists) - 1 else "", "artist": one}
        for at, one in enumerate(artists)
    ]


def release(title: str, by: list[dict[str, Any]], *, name: str = "", group: str = "", **said: Any) -> dict[str, Any]:
    """A release as a recording has it, with the one track that the recording is on."""
    track = {"id": mbid(f"track on {name or title}"), "number": "2", "position": 2, "title": "", "length": 1000}
    medium = {"position": 1, "format": "CD", "track-count": 3, "track-offset": 1, "title": "", "tracks": [track]}
    kinds = {"primary-type": "Album", "secondary-types": [], "first-release-date": "1996", "title": title}
    return {
        "id": mbid(name or title),
        "title": title,
        "status": "Official",
        "date": "1996-05-02",
        "country": "DE",
        "barcode": "4006408264064",
        "artist-credit": by,
        "release-group": {"id": mbid(group or f"group {title}"), **kinds},
        "media": [medium],
        **said,
    }


def recording(
    title: str, by: list[dict[str, Any]], *releases: dict[str, Any], name: str = "", **said: Any
) -> dict[str, Any]:
    """A recording as a lookup gives it; ``name`` makes its id."""
    return {
        "id": mbid(name or title),
        "title": title,
        "length": 1000,
        "disambiguation": "",
        "video": False,
        "first-release-date": "1996-05-02",
        "artist-credit": by,
        "isrcs": [],
        "genres": [],
        "releases": list(releases),
        "relations": [],
        **said,
    }


@attrs.define
class Answer:
    """What a server answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict)


def as_json(data: object) -> Answer:
    """Data as JSON."""
    return Answer(body=json.dumps(data).encode(), headers={"Content-Type": "application/json"})


@attrs.define
class Service:
    """The three services. ``asked`` has the paths with their queries, ``instead`` answers before all else."""

    recordings: list[dict[str, Any]] = attrs.field(factory=list)
    acoustids: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)
    covers: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    pictures: dict[str, bytes] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)
    instead: Callable[[str], Answer | None] = lambda _path: None

    def answer(self, target: str) -> Answer:
        """The answer to a GET of this path with its query."""
        parts = urlsplit(target)
        self.asked.append(target)
        if (other := self.instead(target)) is not None:
            return other
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for pattern, how in (
            (r"/ws/2/recording/(.+)", self._recording),
            (r"/ws/2/isrc/(.+)", self._isrc),
            (r"/ws/2/release", self._of_track),
            (r"/ws/2/recording", self._search),
            (r"/v2/lookup", self._acoustid),
            (r"/(release|release-group)/([0-9a-f-]+)", self._covers),
            (r"/release/(.+)", self._picture),
        ):
            if found := re.fullmatch(pattern, parts.path):
                return how(query, *found.groups())
        return Answer(404)

    def _recording(self, _query: dict[str, str], recording_id: str) -> Answer:
        found = [one for one in self.recordings if one["id"] == recording_id]
        return as_json(found[0]) if found else Answer(404, b'{"error":"Not Found"}')

    def _isrc(self, _query: dict[str, str], isrc: str) -> Answer:
        found = [one for one in self.recordings if isrc in one["isrcs"]]
        return as_json({"isrc": isrc, "recordings": found}) if found else Answer(404, b'{"error":"Not Found"}')

    def _of_track(self, query: dict[str, str]) -> Answer:
        for one in self.recordings:
            for on in one["releases"]:
                for medium in on["media"]:
                    if any(track["id"] == query["track"] for track in medium["tracks"]):
                        tracks = [{**track, "recording": {"id": one["id"]}} for track in medium["tracks"]]
                        media = [{**medium, "tracks": tracks}]
                        return as_json({"release-count": 1, "release-offset": 0, "releases": [{**on, "media": media}]})
        return as_json({"release-count": 0, "release-offset": 0, "releases": []})

    def _search(self, query: dict[str, str]) -> Answer:
        said = re.search(r'recording:"((?:[^"\\]|\\.)*)"', query["query"])
        title = re.sub(r"\\(.)", r"\1", said[1]) if said else ""
        found = [{**one, "score": 100} for one in self.recordings if one["title"].casefold() == title.casefold()]
        return as_json({"created": "2026-01-01T00:00:00Z", "count": len(found), "offset": 0, "recordings": found})

    def _acoustid(self, query: dict[str, str]) -> Answer:
        if query["client"] != "key":
            return Answer(400, b'{"status":"error","error":{"code":4,"message":"invalid API key"}}')
        found = self.acoustids.get(query.get("trackid") or query.get("fingerprint", ""), [])
        results = [{"id": mbid("acoustid"), "score": 0.97, "recordings": found}] if found else []
        return as_json({"status": "ok", "results": results})

    def _covers(self, _query: dict[str, str], of: str, found_id: str) -> Answer:
        found = self.covers.get(f"{of}/{found_id}")
        return as_json(found) if found is not None else Answer(404)

    def _picture(self, _query: dict[str, str], name: str) -> Answer:
        found = self.pictures.get(name)
        return Answer(body=found, headers={"Content-Type": "image/png"}) if found is not None else Answer(404)


class ServiceFetch(FakeFetch):
    """``host.fetch`` of a test, answered by a ``Service``; ``key`` is the secret setting that the host has."""

    def __init__(self, service: Service, key: str = "key") -> None:
        super().__init__()
        self.service = service
        self.key = key
        self.down = False

    def request(self, method: str, url: str, *given: Any, **named: Any) -> Fetched:
        """What the service says."""
        if self.down:
            raise FetchFailed(f"{method} {url}: no route to host")
        if "{secret:" in url and not self.key:
            raise NotFound("there is no secret setting 'acoustid_key'")
        said = self.service.answer(urlsplit(url.replace("{secret:acoustid_key}", self.key))._replace(
            scheme="", netloc="").geturl())  # fmt: skip
        headers = {name.lower(): value for name, value in said.headers.items()}
        self.answers[url] = Fetched(said.status, url, headers, said.body, len(said.body))
        return super().request(method, url, *given, **named)


def schumann() -> Iterator[dict[str, Any]]:
    """The recordings of a record."""
    clara = artist("Clara Schumann", "Clara Wieck", "クララ・シューマン", sort_name="Schumann, Clara")
    by = credit(clara)
    for title, isrc in (("Romanze a-Moll", "DEZZZ2200001"), ("Romanze F-Dur", "DEZZZ2200002")):
        yield recording(
            title,
            by,
            release("Drei Romanzen, op. 21", by, name="Romanzen CD"),
            isrcs=[isrc],
            genres=[{"id": mbid("classical"), "name": "classical", "count": 3, "disambiguation": ""}],
            relations=[{"type": "performance", "work": {"id": mbid(f"work {title}"), "title": title}}],
        )


SHIPPED = Path(__file__).resolve().parents[1] / "plugins" / "musicbrainz_enricher"


@contextmanager
def online(service: Service, plugins: Path) -> Iterator[str]:
    """Have a service answer on this machine, and the plugin in a folder be allowed to ask it often; its address."""
    with serving() as server:

        class Always(dict[str, Any]):
            def get(self, _path: str, _default: object = None) -> Callable[[Asked], Said]:
                return lambda asked: _said(service.answer(asked.path))

        server.answers = Always()
        ignored = shutil.ignore_patterns("tests", "__pycache__")
        folder = shutil.copytree(SHIPPED, plugins / SHIPPED.name, ignore=ignored)
        manifest = (folder / "plugin.cue").read_text()
        manifest = manifest.replace('"localhost:5000"', f'"127.0.0.1:{server.port}"')
        manifest = manifest.replace("requests_per_s: 1\n", "requests_per_s: 1000\n")
        (folder / "plugin.cue").write_text(manifest)
        yield server.url("")


def _said(answer: Answer) -> Said:
    if answer.body == ENDLESS:
        return Said(endless=b"x" * 65536, headers=answer.headers)
    return Said(answer.status, answer.body, answer.headers)
