"""Small cases of CUE with the values that the language's own tool (cue v0.17.1) gives them; null stands for an error.

Two files of one line each would say the same to a reader; what matters is the matrix, every kind against every other.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from viewra.errors import ManifestError
from viewra.manifest.cue import loads
from viewra.manifest.cue.data import to_json

TABLE: list[tuple[str, str, object]] = json.loads(Path(__file__).with_name("cue_table.json").read_text())
FAMILIES = {name: list(rows) for name, rows in itertools.groupby(TABLE, key=lambda row: row[0])}


def exported(text: str) -> object:
    """The value as JSON has it; None for an error."""
    try:
        return to_json(loads(text).export())
    except ManifestError:
        return None


@pytest.mark.parametrize("family", FAMILIES)
def test_values_are_those_of_the_language(family: str) -> None:
    wrong = [(text, value, found) for _, text, value in FAMILIES[family] if (found := exported(text)) != value]
    assert not wrong
