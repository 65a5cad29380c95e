"""The vocabulary's own rules: every example has its form, and what breaks a form is noticed."""

import pytest

from tests.vocabulary import check, faults, fields, forms


def test_every_example_has_the_form_of_its_field():
    assert fields()
    assert {name: field.example for name, field in fields().items() if faults({name: field.example})} == {}


def test_every_form_is_used():
    assert {field.form for field in fields().values()} == set(forms())


@pytest.mark.parametrize(
    "metadata",
    [
        {"unknown_field": "x"},
        {"title": ""},
        {"title": " x"},
        {"title": "two\nlines"},
        {"title": []},
        {"artist": ["a", "a"]},
        {"date": "2001-13"},
        {"date": ["2001", "2002"]},
        {"bpm": "128.0"},
        {"replaygain_track_gain": "-6.48"},
        {"musicbrainz_albumid": "x; y"},
    ],
)
def test_what_breaks_the_vocabulary_is_noticed(metadata):
    with pytest.raises(AssertionError):
        check(metadata)


def test_several_values_are_a_list_or_joined_text():
    ids = [fields()["musicbrainz_artistid"].example, fields()["acoustid_id"].example]
    check({"musicbrainz_artistid": ids})
    check({"musicbrainz_artistid": "; ".join(ids)})
