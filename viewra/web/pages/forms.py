"""Reads what a form sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from viewra.web import bodies

LARGEST = 1024 * 1024
_FIELDS = 10_000


class Form:
    """The fields of a form: each name has one value or several."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def get(self, name: str, default: str = "") -> str:
        """The last value of a name, without spaces around it."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """The last value of a name as it was typed."""
        values = self._fields.get(name)
        return values[-1] if values else default

    def all(self, name: str) -> Sequence[str]:
        """Every value of a name."""
        return self._fields.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __iter__(self) -> object:
        return iter(self._fields)


async def read(request: Request) -> Form:
    """The fields of the form in a request. Raises HTTPException for one that is too large or late."""
    body = await bodies.whole(request.receive, LARGEST, "a form")
    try:
        return Form(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError as error:
        raise HTTPException(413, f"a form has at most {_FIELDS} fields") from error
