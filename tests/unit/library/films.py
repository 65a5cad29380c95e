"""A library of videos and nfo files, with the plugins that read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.unit.library.conftest import FakeHook, World
from viewra import library
from viewra.library import LibraryAccess, Notifier, fsck
from viewra.types import FileOutcome, FileToRead, MetadataValue

TYPES = [{"text/x-nfo": [".nfo"]}]


class Films:
    """A library of videos, whose names a plugin reads, and of nfo files, which another one reads: their JSON."""

    def __init__(self, world: World, hook: FakeHook) -> None:
        self.world = world
        self.access = LibraryAccess(world.engine)
        self.names = hook.add_scraper("file_names", self._guess)
        self.names.types = ("video/",)
        self.names.priority = {"title": -100, "show": -100}
        self.sidecars = hook.add_scraper("sidecars", self.read)
        self.sidecars.types = ("text/x-nfo",)

    def put(self, *names: str) -> None:
        for name in names:
            self.world.put(name)

    def nfo(self, name: str, **fields: str | Sequence[str]) -> Path:
        kind = {"tvshow.nfo": "tvshow"}.get(name.rpartition("/")[2].lower(), "movie")
        fields = {"sidecar_format": "nfo", "nfo_type": kind, **fields}
        return self.world.put(name, json.dumps(fields).encode())

    def scan(self, *, full: bool = False, notifier: Notifier | None = None) -> None:
        """Scan; all that files are found by is as their metadata, and nothing is left to be told."""
        self.world.scan(media_types=TYPES, full=full, notifier=notifier)
        self.world.check_consistent()
        assert [finding for finding in fsck.verify(self.world.engine) if not finding.harmless] == []
        assert self.world.rows("SELECT id FROM media_files WHERE event_due") == []

    def said(self, name: str) -> dict[str, MetadataValue]:
        return dict(library.show(self.world.engine, str(self.world.folder / name)).metadata)

    def titles(self) -> dict[str, str]:
        """The title in the catalogue of each video that is there, by its name."""
        return {Path(file.path).name: file.title for file in self.access.files("kind:video").items}

    def found(self, query: str) -> list[str]:
        return [Path(file.path).name for file in self.access.files(f"kind:video {query}").items]

    @staticmethod
    def _guess(files: Sequence[FileToRead]) -> list[FileOutcome]:
        return [FileOutcome(_guessed(Path(file.file_path).stem)) for file in files]

    @staticmethod
    def read(files: Sequence[FileToRead]) -> list[FileOutcome]:
        read = []
        for file in files:
            try:
                read.append(FileOutcome(json.loads(Path(file.file_path).read_bytes())))
            except ValueError as error:
                read.append(FileOutcome(error=str(error)))
        return read


def _guessed(stem: str) -> dict[str, str]:
    title, dash, episode = stem.partition(" - E")
    return {"title": title, "show": title, "season": "1", "episode": episode} if dash else {"title": title}
