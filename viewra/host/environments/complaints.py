"""Turns the output of uv or pip into one error that names the requirement and its line."""

from __future__ import annotations

import re

from viewra.errors import ManifestError
from viewra.host.environments.requirements import Requirements
from viewra.text import clean

_LONGEST = 600
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(
    r"^(WARNING|notice|\[notice\]|DEPRECATION|Looking in|Collecting|Using cached|Processing)", re.IGNORECASE
)
_SOURCE_ONLY = re.compile(r"no (usable )?wheels|building (from source|source distributions) is disabled", re.IGNORECASE)
_NO_ROOM = re.compile(r"no space left|disk quota exceeded|\(os error (28|122)\)|\[errno (28|122)\]", re.IGNORECASE)


def complaint(wanted: Requirements, said: str) -> ManifestError:
    """The error for requirements that cannot be installed. ``said`` is the tool's output."""
    text = clean(_essence(said), _LONGEST)
    plain = re.sub(r"[-_.]+", "-", text).lower()
    named = [
        one for one in wanted.wanted if re.search(rf"(?<![a-z0-9-]){re.escape(one.name)}(?![a-z0-9]|-[a-z])", plain)
    ]
    what = ", ".join(str(one.requirement) for one in named[:3]) or "its packages"
    hint = "check the name and the version; packages from a folder: --find-links DIR"
    if _NO_ROOM.search(said):
        hint = "free space on the disk, or in the quota, and try again"
    elif _SOURCE_ONLY.search(said):
        hint = "it may exist as source only; --allow-builds lets its build script run, with all the rights of the host"
    line = named[0].line if named else 0
    return ManifestError(
        f"{what} cannot be installed: {text}", file=str(wanted.file), line=line, column=min(line, 1), hint=hint
    )


def _essence(said: str) -> str:
    """The lines that say what is wrong, in one line."""
    lines = [" ".join(line.split()) for line in _COLOURS.sub("", said).splitlines()]
    lines = [line for line in lines if line and not _NOISE.match(line)]
    errors = [line for line in lines if re.match(r"(error|×|╰─▶|hint)", line, re.IGNORECASE)]
    first = next((number for number, line in enumerate(lines) if line in errors), 0)
    return " ".join(line.lstrip("×╰─▶│ ") for line in lines[first:]) or "the installer gave no reason"
