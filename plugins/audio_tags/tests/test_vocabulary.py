"""The vocabulary, its native names and its documentation agree."""

import re
from pathlib import Path

from viewra_plugins.audio_tags.service import vocabulary

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "vocabulary.md"


def test_every_field_is_documented_and_nothing_else():
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    documented = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert len(documented) == len(set(documented))
    assert set(documented) == vocabulary.FIELDS | vocabulary.STREAM_FIELDS


def test_native_names_lead_to_known_fields():
    tables = (
        vocabulary.ID3, vocabulary.ID3_ROLES, vocabulary.FREE_TEXT, vocabulary.VORBIS, vocabulary.APE, vocabulary.MP4,
        vocabulary.ASF, vocabulary.RIFF_INFO, vocabulary.TOTALS,
    )  # fmt: skip
    for table in tables:
        assert set(table.values()) <= vocabulary.FIELDS
    assert vocabulary.SINGLE | vocabulary.MULTILINE | set(vocabulary.TOTALS) <= vocabulary.FIELDS


def test_every_field_can_come_from_vorbis_comments():
    names = {vocabulary.VORBIS.get(name, name) for name in vocabulary.FIELDS | set(vocabulary.VORBIS)}
    assert names == vocabulary.FIELDS
