"""Compares what a source in CUE exports with what a table expects: a value, or the error and where it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pytest

from viewra.errors import ManifestError
from viewra.manifest.cue import loads
from viewra.manifest.cue.data import to_json

Table = Mapping[str, Iterable[tuple[str, object]]]
"""Sources and what is expected of each, by section."""


class Fails(str):
    """The beginning of an error, as ``line:column path: message``."""

    __slots__ = ()


def each_of(table: Table) -> pytest.MarkDecorator:
    """Run a test with ``source`` and ``expected`` of each case."""
    return pytest.mark.parametrize(
        ("source", "expected"),
        [
            pytest.param(source, expected, id=f"{section.split()[0].lower()}-{number}")
            for section, cases in table.items()
            for number, (source, expected) in enumerate(cases, start=1)
        ],
    )


def check(source: str, expected: object) -> None:
    """Fail unless the source exports what is expected."""
    try:
        value = loads(source)
        if value.errors:
            raise value.errors[0]
        result = value.export()
    except ManifestError as failed:
        error = failed.errors[0]
        path = f" {error.path}:" if error.path else ""
        found = f"{error.line}:{error.column}{path} {error.message}"
        assert isinstance(expected, Fails), found
        assert found == expected
    else:
        # As JSON text: 1 is not 1.0, True is not 1, and the order of fields counts.
        assert json.dumps(to_json(result)) == json.dumps(expected)
