"""Looks files up, and follows what people decide: says what was found, stores it, and takes back what was wrong."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from viewra.errors import NotFound
from viewra.types import MediaFile

from . import evidence, fields
from .answers import Recording
from .client import Client
from .covers import Covers
from .matching import Outcome, Scored, Way, identify
from .searching import terms_of
from .store import Match, State, Store, Terms, Version

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices

FIRST = 5
"""The priority of what people ask for."""


class Lookups:
    """The files of one plugin, whose id is ``own``."""

    def __init__(self, host: HostServices, store: Store, covers: Covers, own: str) -> None:
        self._host = host
        self._store = store
        self._covers = covers
        self._own = own

    # ---- what tasks do; raises as ``Client`` does ----

    def look_up(self, number: int, client: Client, threshold: float, *, again: bool, covers: bool) -> None:
        """Find the recording of a file, once for each version of it, or again. What people decided stays."""
        file, known = self._file(number), self._store.get(number)
        if file is None:
            return
        if known is not None:
            if known.by_hand and known.state != State.REJECTED and (again or known.state == State.WAITING):
                self.fetch_chosen(number, client, covers=covers)
                return
            if not again and (known.by_hand or known.version == _version(file)):
                self._keep(known, file)
                return
        said = evidence.of(file, self._own)
        outcome = identify(client, said, threshold, known.refused if known is not None else ())
        if outcome.recording is None:
            self._lack(file, known, outcome)
        else:
            self._take(file, said, known, outcome, by_hand=False, covers=covers)

    def fetch_chosen(self, number: int, client: Client, *, covers: bool) -> None:
        """Fetch the recording that somebody has chosen for a file."""
        file, known = self._file(number), self._store.get(number)
        if file is None or known is None or not known.by_hand or known.state == State.REJECTED:
            return
        found = client.recording(known.recording_id)
        if found is None:
            self._lack(file, known, Outcome(reason=f"MusicBrainz has no recording {known.recording_id}"))
            return
        self._take(
            file, evidence.of(file, self._own), known, Outcome(found, Way.HAND, 1.0), by_hand=True, covers=covers
        )

    # ---- what people decide; raises NotFound for a file that is not there ----

    def choose(self, number: int, recording_id: str) -> None:
        """Have a file be this recording, whatever its tags say: nothing but a person changes that again."""
        file, known = self.require(number)
        refused = [one for one in known.refused if one != recording_id]
        chosen = attrs.evolve(
            _at(known, file), state=State.WAITING, by_hand=True, recording_id=recording_id, refused=refused, reason=""
        )
        self._store.put(chosen)
        self._host.tasks.enqueue("chosen", {"file": number}, key=f"chosen {number}", priority=FIRST)

    def reject(self, number: int) -> None:
        """Take back what was said of a file; it is not looked up again until somebody asks for that."""
        file, known = self.require(number)
        refused = (
            [*known.refused, known.recording_id] if known.recording_id not in ("", *known.refused) else known.refused
        )
        self._say(number, known, {})
        self._put(
            Match(
                number,
                os.fsencode(file.path),
                *_version(file),
                State.REJECTED,
                by_hand=True,
                looked_up_at=known.looked_up_at,
                reason="somebody has rejected the match",
                candidates=known.candidates,
                refused=refused,
            ),
            known,
        )

    def require(self, number: int) -> tuple[MediaFile, Match]:
        """A file, and what is known of it; raises NotFound if it is no music of the library."""
        file = self._file(number)
        if file is None:
            raise NotFound(f"there is no music with the id {number}")
        return file, self._store.get(number) or Match(number, os.fsencode(file.path), *_version(file), State.NONE)

    # ----

    def _file(self, number: int) -> MediaFile | None:
        """The file with this id, if it is audio."""
        with contextlib.suppress(NotFound):
            file = self._host.library.file(number)
            return file if file.mime_type.startswith("audio/") else None
        return None

    def _take(
        self,
        file: MediaFile,
        said: evidence.Evidence,
        known: Match | None,
        outcome: Outcome,
        *,
        by_hand: bool,
        covers: bool,
    ) -> None:
        found = outcome.recording
        assert found is not None  # noqa: S101 - the callers have looked
        chosen = fields.choose(said, found)
        album = chosen.group.title if chosen.group is not None else ""
        match = Match(
            file.id,
            os.fsencode(file.path),
            *_version(file),
            State.MATCHED,
            way=outcome.way or "",
            score=outcome.score,
            by_hand=by_hand,
            looked_up_at=_now(),
            recording_id=found.id,
            title=found.title,
            artist=found.credit,
            album=album,
            covers_of=chosen.covers_of,
            fields=fields.of(said, found, chosen),
            candidates=[_shown(one) for one in outcome.candidates if one.recording.id != found.id],
            refused=known.refused if known is not None else [],
        )
        if self._say(file.id, known, match.fields):
            self._put(match, known, terms_of(found, album))
            if covers:
                self._covers.enqueue(match)

    def _lack(self, file: MediaFile, known: Match | None, outcome: Outcome) -> None:
        self._say(file.id, known, {})
        self._put(_without(file, known, outcome), known)

    def _put(self, match: Match, known: Match | None, words: Terms | None = None) -> None:
        """Store a match; covers of the one before go with it."""
        self._store.put(match, words)
        if known is not None and known.covers_of != match.covers_of:
            self._covers.remove(known.covers_of)

    def _say(self, number: int, known: Match | None, said: Mapping[str, Any]) -> bool:
        """Put metadata; what was put, or read, of another match before is taken back. Whether the file is there."""
        try:
            if known is not None and known.fields != said:
                self._host.metadata.put(number, {})
            if said:
                self._host.metadata.put(number, said)
        except NotFound:  # it was forgotten meanwhile
            return False
        return True

    def _keep(self, known: Match, file: MediaFile) -> None:
        """Follow a file that is looked up no more: it may have another path now, or another content."""
        now = _at(known, file)
        if known.state == State.REJECTED:
            self._host.metadata.put(known.media_file_id, {})  # a scan may have read it before it was rejected
        if now != known:
            self._store.move(now)


def _version(file: MediaFile) -> Version:
    return Version(file.size, file.mtime_ns)


def _at(known: Match, file: MediaFile) -> Match:
    size, mtime_ns = _version(file)
    return attrs.evolve(known, path=os.fsencode(file.path), size=size, mtime_ns=mtime_ns)


def _without(file: MediaFile, known: Match | None, outcome: Outcome) -> Match:
    return Match(
        file.id,
        os.fsencode(file.path),
        *_version(file),
        State.UNSURE if outcome.unsure else State.NONE,
        looked_up_at=_now(),
        reason=outcome.reason,
        candidates=[_shown(one) for one in outcome.candidates],
        refused=known.refused if known is not None else [],
    )


def _shown(one: Scored) -> dict[str, Any]:
    """A candidate, as it is stored and shown."""
    found: Recording = one.recording
    return {
        "recording_id": found.id,
        "title": found.title,
        "artist": found.credit,
        "disambiguation": found.disambiguation,
        "album": found.releases[0].title if found.releases else "",
        "length_s": found.length_s,
        "score": round(one.score, 3),
    }


def _now() -> int:
    return time.time_ns() // 1000
