"""Checks a plugin without starting it, and renders the findings with their source lines or as JSON."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

from viewra.errors import ManifestError
from viewra.manifest import cue
from viewra.manifest.cue.value import parse_text
from viewra.manifest.hiding import Hidden
from viewra.manifest.load import loads, read_text
from viewra.manifest.model import Manifest

ENTRY_POINT = "entry_points.main"
_SHOWN = 120
"""Code points of a source line that are shown."""


@attrs.frozen(eq=False)
class CheckReport:
    """The result of ``check``; ``ok`` means no errors. ``manifest`` is None if it could not be read."""

    ok: bool
    errors: tuple[ManifestError, ...]
    warnings: tuple[ManifestError, ...]
    manifest: Manifest | None = None
    source: str = attrs.field(default="", repr=False)

    def text(self) -> str:
        """All findings as text for a terminal, separated by blank lines."""
        findings = [render(error, self._source_of(error)) for error in self.errors]
        findings += [render(warning, self.source, kind="warning") for warning in self.warnings]
        return "\n\n".join(findings)

    def _source_of(self, error: ManifestError) -> str:
        """The text in which an error is: that of the manifest, unless it is in a file beside it."""
        return self.source if self.manifest is None or error.file == str(self.manifest.file) else ""

    def data(self) -> dict[str, object]:
        """All findings for a program: ``{"ok", "errors": […], "warnings": […]}``."""
        return {
            "ok": self.ok,
            "errors": [as_dict(error) for error in self.errors],
            "warnings": [as_dict(warning) for warning in self.warnings],
        }


def check(directory: Path) -> CheckReport:
    """Check one plugin: its manifest (``plugin.cue`` in a directory, or a ``.cue`` file) and the files in it."""
    file = directory / "plugin.cue" if directory.is_dir() else directory
    source = ""
    try:
        source = read_text(file)
        manifest = loads(source, file)
    except ManifestError as failed:
        also = _entry_point_error(source, file)
        return CheckReport(ok=False, errors=(*failed.errors, *also), warnings=(), source=_shown(source, file))
    message = entry_point_problem(manifest.directory, manifest.entry_point)
    errors: tuple[ManifestError, ...] = ()
    if message:
        line, column = manifest.entry_point_place
        errors = (ManifestError(message, file=str(file), line=line, column=column, path=ENTRY_POINT),)
    return CheckReport(not errors, errors, manifest.warnings, manifest, _shown(source, file))


def _shown(source: str, file: Path) -> str:
    """The text of a manifest without the secrets that it states."""
    try:
        tree = parse_text(source, str(file))
    except ManifestError:
        return Hidden(source, None).source
    return Hidden(source, tree).source


def _entry_point_error(source: str, file: Path) -> tuple[ManifestError, ...]:
    """The entry point's error for a manifest with other errors, so that all errors are shown together."""
    try:
        value = cue.loads(source, str(file))
        data = value.lookup("#Plugin") if "#Plugin" in value else value
        entry_point = data.lookup(ENTRY_POINT).export()
    except ManifestError:
        return ()
    message = entry_point_problem(file.parent, entry_point) if isinstance(entry_point, str) and entry_point else ""
    return (ManifestError(message, file=str(file), path=ENTRY_POINT),) if message else ()


def entry_point_problem(directory: Path, entry_point: str) -> str:
    """The problem with the executable that a manifest names, ``""`` if none: one sentence without the place."""
    directory = directory.resolve()
    path = directory / entry_point
    shown = repr(entry_point)
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except FileNotFoundError:
        return f"{shown} does not exist in {directory}"
    except (OSError, RuntimeError) as error:
        return f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}"
    if not real.is_relative_to(directory):
        return f"{shown} leads out of the plugin's directory, to {real}"
    if not stat.S_ISREG(mode):
        return f"{shown} is not a file"
    if real.suffix != ".py" and not os.access(real, os.X_OK):
        return f"{shown} is not executable; chmod +x {real}"
    return ""


def render(error: ManifestError, source: str = "", *, kind: str = "error") -> str:
    """One finding as text: place, field, message, and the source line with a caret."""
    head = f"{error}" if kind == "error" else f"{kind}: {error}"
    lines = source.split("\n")
    if not 0 < error.line <= len(lines):
        return head
    line = lines[error.line - 1].rstrip("\r")
    start = max(0, error.column - 1 - _SHOWN // 2) if len(line) > _SHOWN else 0
    shown = line[start : start + _SHOWN]
    margin = "".join(char if char == "\t" else " " for char in shown[: error.column - 1 - start])
    return f"{head}\n    {_printable(shown)}\n    {margin}^"


def as_dict(error: ManifestError) -> dict[str, object]:
    """One finding as a mapping."""
    return {
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "field": error.path,
        "message": error.message,
    }


def _printable(text: str) -> str:
    """The text without control characters: a manifest must not control the terminal that shows it."""
    return "".join(char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
