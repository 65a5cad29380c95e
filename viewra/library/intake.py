"""Decides which of the files that a library does not know are media, and takes their fingerprints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from viewra.library import mime
from viewra.library.arrivals import NewFile
from viewra.library.filerows import Changes
from viewra.library.fingerprint import fingerprint
from viewra.library.found import FoundFile
from viewra.library.mime import MediaTypes
from viewra.library.report import Tally
from viewra.library.walk import Place

FILES_BETWEEN_PAUSES = 32


class Intake:
    """Takes the new files of one scan. ``types`` collects the MIME types seen; one that is ``wanted`` is read.

    ``declined`` collects folder and name of each that is no media, and stays so until it or the plugins change.
    """

    def __init__(self, tally: Tally, media: MediaTypes, wanted: Callable[[str], bool], types: set[str]) -> None:
        self._tally = tally
        self._media = media
        self._wanted = wanted
        self._kinds = media.kinds()
        self._types = types
        self.declined: set[tuple[bytes, bytes]] = set()

    def consider(self, place: Place, found: FoundFile, changes: Changes) -> None:
        """Take a file that is not known at its place, when it is media or only its content can tell."""
        kind = self._media.by_name(found.name)
        if kind == "" or (kind is not None and self._is_media(kind)):
            changes.new.append(NewFile(place, found, kind))
        else:
            self.declined.add((place.path, found.name))

    def take_prints(self, changes: Changes) -> Iterator[bool]:
        """Fingerprint what is new; find the type of what has no extension. Gives False now and then."""
        kept = []
        for count, new in enumerate(changes.new):
            if count % FILES_BETWEEN_PAUSES == FILES_BETWEEN_PAUSES - 1:
                yield False
            head: bytes | None = None
            try:
                new.fingerprint, head = fingerprint(new.path, new.found.size)
            except FileNotFoundError:
                self._tally.fail_path(os.fsdecode(new.path), "vanished while it was scanned", is_file=True)
                continue
            except OSError:
                pass  # in the library nevertheless: each scraper says what it makes of it
            if not new.mime_type:
                new.mime_type = self._media.by_content(new.found.name, head)
                if not new.mime_type or not self._is_media(new.mime_type):
                    if head is not None and (not new.mime_type or new.mime_type in self._kinds):
                        self.declined.add((new.place.path, new.found.name))
                    continue
            self._types.add(new.mime_type)
            kept.append(new)
        changes.new = kept

    def type_now(self, name: bytes, head: bytes | None, before: str) -> str:
        """The type of a known file with another content; as ``before`` if it is no media any more."""
        if self._media.by_name(name) != "" or head is None:
            return before
        kind = self._media.by_content(name, head)
        if not kind or not self._is_media(kind):
            return before
        self._types.add(kind)
        return kind

    def _is_media(self, kind: str) -> bool:
        return mime.always_media(kind) or self._wanted(kind)


def content_of(path: bytes, found: FoundFile) -> tuple[bytes | None, bytes | None]:
    """The fingerprint of now, and the file's head; None for what cannot be read."""
    try:
        return fingerprint(path, found.size)
    except OSError:
        return None, None
