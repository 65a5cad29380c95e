"""The plugin's vocabulary, its native names and docs/vocabulary.md agree, and the samples keep to it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from viewra_plugins.audio_tags.service import forms, names, vocabulary
from viewra_plugins.audio_tags.service.reader import read

from tests import vocabulary as document

SECTIONS = {"From tags": vocabulary.FIELDS, "From the audio itself": vocabulary.STREAM_FIELDS}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_is_documented_and_nothing_else(section: str) -> None:
    documented = {name for name, field in document.fields().items() if field.section == section}
    assert documented == SECTIONS[section]


def test_each_field_has_its_documented_form_and_number_of_values() -> None:
    documented = {name: field for name, field in document.fields().items() if name in vocabulary.FIELDS}
    assert {name: field.form for name, field in documented.items()} == vocabulary.FORM
    assert {name for name, field in documented.items() if not field.several} == vocabulary.SINGLE
    assert set(forms.FORMS) == set(vocabulary.FORM.values()) - {"text", "lines"}


def test_native_names_lead_to_known_fields() -> None:
    tables = (
        names.FREE_TEXT, names.VORBIS, names.APE, names.ASF, names.ID3, names.ID3_LATER, names.ROLES, names.MP4,
        names.RIFF_INFO, names.AIFF, vocabulary.TOTALS,
    )  # fmt: skip
    for table in tables:
        assert set(table.values()) <= vocabulary.FIELDS


def test_free_names_are_written_as_they_are_looked_up() -> None:
    for table in (names.FREE_TEXT, names.VORBIS, names.APE, names.ASF):
        assert [name for name in table if names.plain(name) != name] == []
    assert set(names.FREE_TEXT) >= names.LATER


@pytest.mark.parametrize("table", [names.FREE_TEXT, names.VORBIS, names.APE, names.ASF])
def test_every_field_can_come_from_a_free_name(table: Mapping[str, str]) -> None:
    assert set(table.values()) == vocabulary.FIELDS


def test_samples_keep_to_the_vocabulary(sample: Path) -> None:
    document.check(read(str(sample)))
