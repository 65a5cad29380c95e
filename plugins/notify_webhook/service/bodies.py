"""Makes the bodies of messages: what happened, as JSON, in pieces that a task can keep."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from viewra.types import LibraryEvent, ScanEvent

MAX_BYTES = 48 * 1024
"""Bytes of the files in one message: a task keeps at most 64 KiB."""
MAX_FILES = 200
_SHOWN = ("title", "artist", "album", "albumartist", "date", "genre", "show", "season", "episode")
_LONGEST = 300


def message(event: str, data: Mapping[str, Any], at: float) -> dict[str, Any]:
    """A message about an event at ``at`` (seconds since the epoch); equal ones have the same id."""
    said = {"event": event, "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"), "data": dict(data)}
    return {"id": hashlib.sha256(written(said)).hexdigest()[:32], **said}


def written(said: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def scanned(event: ScanEvent) -> dict[str, Any]:
    """A file that a scan found or read again."""
    known = {name: event.metadata[name][:_LONGEST] for name in _SHOWN if event.metadata.get(name)}
    return {"id": event.media_file_id, "path": _text(event.file_path), **known}


def changed(event: LibraryEvent) -> dict[str, Any]:
    """A known file, and what became of it."""
    moved = {"old_path": _text(event.old_path)} if event.old_path else {}
    return {"id": event.media_file_id, "change": str(event.kind), "path": _text(event.path), **moved}


def batches(files: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The files in pieces."""
    batch: list[dict[str, Any]] = []
    size = 0
    for one in files:
        length = len(written(one))
        if batch and (len(batch) >= MAX_FILES or size + length > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch


def _text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
