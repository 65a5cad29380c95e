"""A library whose files say what becomes of who reads them, and what a scan of it leaves in the database."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from viewra.db.engine import open_unmigrated
from viewra.db.tables import directories, file_metadata, media_files
from viewra.library import search

MANIFEST = """\
id: "reader"
name: "reader"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: metadata_scraper: true
runtime: restart: max: 1000
permissions: [{resource: "filesystem", actions: ["read"], reason: "it reads"}]
settings: greeting: string | *"none"
"""
CODE = """\
import os, time
from viewra.sdk import Plugin, serve

class Reader(Plugin):
    def get_supported_types(self):
        return ["audio/*"]

    def can_handle(self, file_path, mime_type):
        return True

    def extract_metadata(self, file_path):
        with open(file_path) as file:
            text = file.read().strip()
        time.sleep(%(pause_s)s)
        if text == "die":
            os.kill(os.getpid(), 9)
        if text == "bad":
            raise ValueError(f"{file_path} is no good file")
        return {"title": text, "genre": ["Test", self.context.config["greeting"]]}

serve(Reader())
"""


def make_reader(plugins: Path, pause_s: float = 0.0) -> Path:
    """A scraper that reads text; a file with "die" kills it."""
    directory = plugins / "reader"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").write_text(textwrap.dedent(CODE % {"pause_s": pause_s}))
    return directory


def make_library(folder: Path, count: int, **odd: str) -> Path:
    """A library of so many files; ``odd`` maps names to other contents, as in ``n7="bad"``."""
    folder.mkdir()
    for number in range(count):
        (folder / f"n{number}.mp3").write_text(odd.get(f"n{number}", f"Song number {number}"))
    return folder


def left_by(data: Path, url: str | None = None) -> dict[str, Any]:
    """All that a scan of whatever engine must leave alike: files with their outcomes, and what is found."""
    engine = open_unmigrated(url or f"sqlite:///{data / 'viewra.db'}")
    file, row = media_files.c, file_metadata.c
    chosen = sa.select(
        directories.c.path, file.name, file.mime_type, row.plugin_id, row.code_hash, row.status, row.error, row.data
    )
    chosen = chosen.join_from(media_files, directories).outerjoin(file_metadata, row.media_file_id == file.id)
    try:
        with engine.connect() as connection:
            rows = sorted(
                repr((*row[:-1], sorted(json.loads(row.data or "{}").items()))) for row in connection.execute(chosen)
            )
        hits = search(engine, None, "song", limit=1000)
        return {"rows": rows, "found": sorted(hit.path for hit in hits.results), "total": hits.total}
    finally:
        engine.dispose()
