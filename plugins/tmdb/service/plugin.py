"""Defines the class that the host calls: after scans, tasks find films and episodes, and add what they are about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import ClassVar

from viewra.errors import NotFound, QuotaExceeded
from viewra.sdk import Enricher
from viewra.types import NewTask, Task

from . import posters
from .api import Api
from .identifying import Found, identified
from .videos import Video, ids_of, video

_DAY_S = 86_400.0
_SERVER, _PICTURES = "server", "pictures"


class Tmdb(Enricher):
    """Adds what The Movie Database says of films and episodes."""

    query = "kind:video"
    settle_s = 60.0  # by then the nfo files beside a file have been read, too
    complaints: ClassVar = {_SERVER: "nobody can be asked for films", _PICTURES: "posters cannot be fetched"}

    def look_at(self, ids: Sequence[int]) -> Iterator[NewTask]:
        """A task for each film and episode."""
        for one in ids_of(self.host.library, ids):
            yield NewTask("video", one, key=_key(one))

    def basis(self) -> object:
        """What of the settings decides what is added."""
        settings = self.settings
        return [settings.url, settings.language, settings.posters, settings.poster_size, settings.image_url]

    def forget(self, ids: Sequence[int]) -> None:
        """Forget what files were asked for."""
        for one in ids:
            self.host.kv.delete(_key(one))

    def enrich(self, task: Task) -> None:
        """Add what the server says of a film or episode, unless that was done for this question."""
        one = video(self.host.library, task.data, self.context.plugin_id) if isinstance(task.data, int) else None
        if one is None:
            return
        question = f"{one.question} {json.dumps(self.basis())}"
        known = self.host.kv.get(_key(one.file_id))
        if isinstance(known, dict) and known.get("question") == question:
            return
        with self.asking(_SERVER):
            found = identified(Api(self.host, self.settings.url, self.settings.language), one)
        if found is not None or (isinstance(known, dict) and known.get("found")):
            self._put(one, found)
        again_s = None if found is not None else self.settings.ask_again_days * _DAY_S
        try:
            self.host.kv.set(_key(one.file_id), {"question": question, "found": found is not None}, ttl_s=again_s)
        except QuotaExceeded:  # it is asked for again sooner
            self.log.warning("no more films can be remembered")

    def _put(self, one: Video, found: Found | None) -> None:
        try:
            self.host.metadata.put(one.file_id, found.metadata if found is not None else {})
        except NotFound:  # it was forgotten meanwhile
            return
        if found is None or not found.poster or not self.settings.posters or _has_own(one):
            posters.unlink(self.host, one.file_id)
            return
        base = f"{self.settings.image_url.rstrip('/')}/{self.settings.poster_size}"
        with self.asking(_PICTURES):
            posters.link(self.host, one.file_id, base + found.poster)


def _has_own(one: Video) -> bool:
    return posters.has_own(one.path, above=one.season is not None)


def _key(file_id: int) -> str:
    return f"file {file_id}"
