"""Problems inside an evaluation, before they become a ``ManifestError`` with a message."""

from __future__ import annotations

from collections.abc import Sequence

from viewra.errors import ManifestError
from viewra.manifest.cue.source import Place


class Problem(Exception):
    """One problem. ``places`` are where it comes from, the most useful first; ``path`` is the field's.

    ``depth`` says how specific it is: of several alternatives that all fail, the deepest failure is reported.
    """

    def __init__(self, message: str, *places: Place, path: str = "", hint: str | None = None, kind: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.places = places
        self.path = path
        self.hint = hint
        self.kind = kind
        self.depth = 0

    def error(self) -> ManifestError:
        """The problem as an error message, placed in the manifest's text if possible."""
        place = min(self.places, key=lambda place: place.source.rank, default=None)
        if place is None:
            return ManifestError(self.message, path=self.path, hint=self.hint)
        line, column = place.source.line_column(place.offset)
        message = self.message
        for other in self.places:
            there = other.source.line_column(other.offset)
            if other.source is place.source and there[0] != line:
                message += f" ({other.source.name.rpartition('/')[2]}:{there[0]}:{there[1]})"
                break
        return ManifestError(message, file=place.source.name, line=line, column=column, path=self.path, hint=self.hint)


class Limit(Problem):
    """A limit was reached: the whole evaluation ends."""


class Incomplete(Exception):
    """An expression cannot be computed yet.

    ``cycle``: it waits for a field that waits for it; ``several``: it has alternatives and no default.
    """

    def __init__(self, message: str, place: Place, *, cycle: bool = False, several: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.cycle = cycle
        self.several = several


def combined(problems: list[Problem]) -> ManifestError:
    """One error that lists all problems in the order of the text."""
    errors = [problem.error() for problem in problems]
    unique = {(error.file, error.line, error.column, error.path, error.message): error for error in errors}
    return gathered(sorted(unique.values(), key=lambda error: (error.line, error.column)))


def gathered(errors: Sequence[ManifestError]) -> ManifestError:
    """One error of the first one's kind that lists them all."""
    ordered = tuple(errors)
    first = ordered[0]
    return ManifestError(
        first.message,
        file=first.file,
        line=first.line,
        column=first.column,
        path=first.path,
        hint=first.hint,
        errors=ordered,
    )
