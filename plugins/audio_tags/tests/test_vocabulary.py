"""The vocabulary, its native names and its documentation agree."""

from viewra_plugins.audio_tags.service import vocabulary

from tests.vocabulary import fields


def test_every_field_is_documented_and_nothing_else():
    ours = {"From tags", "From the audio itself"}
    documented = {name for name, field in fields().items() if field.section in ours}
    assert documented == vocabulary.FIELDS | vocabulary.STREAM_FIELDS


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
