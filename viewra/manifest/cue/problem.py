"""What goes wrong inside an evaluation, before it becomes a ``ManifestError`` for a person."""

from __future__ import annotations

from collections.abc import Sequence

from viewra.errors import ManifestError
from viewra.manifest.cue.source import Place


class Problem(Exception):
    """One thing wrong. ``places`` are where it comes from, the one to show first; ``path`` is the field's.

    ``depth`` is how specific it is: of several alternatives that all fail, the one that fails deepest is reported.
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
        """The same, for a person: placed in the text that they wrote where there is such a place."""
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

    ``cycle``: because it waits for a field that waits for it; ``several``: because it has alternatives and no default.
    """

    def __init__(self, message: str, place: Place, *, cycle: bool = False, several: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.cycle = cycle
        self.several = several


def combined(problems: list[Problem]) -> ManifestError:
    """One error that lists them all, in the order of the text."""
    errors = [problem.error() for problem in problems]
    unique = {(error.file, error.line, error.column, error.path, error.message): error for error in errors}
    return gathered(sorted(unique.values(), key=lambda error: (error.line, error.column)))


def gathered(errors: Sequence[ManifestError]) -> ManifestError:
    """One error like the first that lists them all."""
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
