"""``Parameters``: what a player sends with a request, in the URL or in a form; each is checked when it is read."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from viewra.sdk.http import HttpError, Request

from .failures import GENERIC, MISSING_PARAMETER, Failure

MAX_BODY_BYTES = 1024 * 1024
MAX_VALUES = 500
"""Values of one parameter, such as the songs of a scrobble."""
_FORM = "application/x-www-form-urlencoded"


class Parameters:
    """The parameters by name; of one that is given several times the last counts, unless all are asked for."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    def of(cls, request: Request) -> Parameters:
        """Those of a request. Raises HttpError for a body that is too large."""
        pairs = parse_qsl(request.query_string, keep_blank_values=True)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and kind == _FORM:
            try:
                pairs += parse_qsl(request.body(MAX_BODY_BYTES).decode(), keep_blank_values=True)
            except UnicodeDecodeError:
                raise HttpError(400, "the form is not UTF-8") from None
        return cls(pairs)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def all(self, name: str, most: int = MAX_VALUES) -> list[str]:
        """All values of a parameter. Raises Failure for more than ``most``."""
        values = self._values.get(name, [])
        if len(values) > most:
            raise Failure(GENERIC, f"the parameter {name} may be given {most:,} times")
        return values

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        return self._values[name][-1] if name in self._values else default

    def required(self, name: str) -> str:
        """A text that has to be there. Raises Failure."""
        if name not in self._values:
            raise Failure(MISSING_PARAMETER, f"the parameter {name} is missing")
        return self._values[name][-1]

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """A whole number; one beyond the bounds counts as the nearest within. Raises Failure."""
        return min(max(whole(self.text(name), name), least), most) if self.text(name) else default

    def true(self, name: str, *, default: bool) -> bool:
        """A truth. Raises Failure."""
        text = self.text(name).lower()
        if text not in {"", "true", "false", "1", "0"}:
            raise Failure(GENERIC, f"the parameter {name} must be true or false")
        return text in {"true", "1"} if text else default


def whole(text: str, name: str) -> int:
    """The whole number that a parameter's text is. Raises Failure."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 17):
        raise Failure(GENERIC, f"the parameter {name} must be a whole number")
    return int(text)
