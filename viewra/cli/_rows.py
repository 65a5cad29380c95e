"""Rows of listings as people and programs see them."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from viewra.errors import UsageError
from viewra.library.exporting import data, with_metadata
from viewra.library.query.fields import TEXT_METADATA
from viewra.types import FileEntry
from viewra.types.values import joined

if TYPE_CHECKING:
    from viewra.library import LibraryAccess


class Formatter:
    """Writes rows in a format such as ``$artist - $title``: their own fields, and of files any that plugins stored."""

    def __init__(self, text: str, kind: type[Any], access: LibraryAccess) -> None:
        """Raises ``UsageError`` for a format that cannot be read, or with a field that rows of this ``kind`` lack."""
        self._template = string.Template(text)
        self._access = access
        if not self._template.is_valid():
            raise UsageError(
                f"this format cannot be read: {text}", hint="a field is $name or ${name}; write $$ for a dollar sign"
            )
        is_file = kind is FileEntry
        own = {*attrs.fields_dict(kind), *(_OTHER_NAMES if is_file else ())}
        self._stored = [name for name in self._template.get_identifiers() if name not in own]
        known = {*own, *((*TEXT_METADATA, *access.stored_fields()) if is_file and self._stored else ())}
        for name in self._stored:
            if name not in known:
                near = difflib.get_close_matches(name.lower(), sorted(known), n=1)
                hint = f"did you mean ${near[0]}?" if near else f"fields are {', '.join(sorted(known))}"
                raise UsageError(f"this format: nothing listed has a field ${name}", hint=hint)

    def lines(self, rows: Iterable[Any]) -> Iterator[str]:
        """Give the line of each row; what is not known of it is empty."""
        if not self._stored:
            yield from (self._template.substitute(_values(row)) for row in rows)
            return
        for entry, metadata in with_metadata(rows, self._access):
            said = {name: joined(metadata[name].value) if name in metadata else "" for name in self._stored}
            yield self._template.substitute(_values(entry) | said)


def _values(row: Any) -> dict[str, str]:
    values = {name: "" if value is None else str(value) for name, value in data(row).items()}
    return values | {name: values[other] for name, other in _OTHER_NAMES.items() if other in values}


_OTHER_NAMES = {"added": "added_at", "type": "mime_type"}
"""Names of a query's fields → what a row of files calls them."""
