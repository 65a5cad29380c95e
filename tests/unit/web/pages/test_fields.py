"""Names and values of metadata fields, as the page of a file has them."""

from __future__ import annotations

import pytest

from viewra.web.pages.fields import field_name, field_value


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sample_rate", "Sample rate"),
        ("albumartistsort", "Album artist sort"),
        ("tracknumber", "Track number"),
        ("musicbrainz_releasegroupid", "MusicBrainz release group ID"),
        ("replaygain_track_gain", "ReplayGain track gain"),
        ("tmdb_id", "TMDB ID"),
        ("isrc", "ISRC"),
        ("encodersettings", "Encoder settings"),
        ("title", "Title"),
        ("totally", "Totally"),
        ("<b>", "<b>"),
        ("", ""),
    ],
)
def test_a_name_is_in_words(name: str, shown: str) -> None:
    assert field_name(name) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("bitrate", "128000", "128 kbit/s"),
        ("bitrate", "800", "800 bit/s"),
        ("video_bitrate", "5250000", "5.25 Mbit/s"),
        ("sample_rate", "44100", "44.1 kHz"),
        ("duration", "0.600", "600 ms"),
        ("duration", "187.123", "3:07"),
        ("width", "1920", "1,920 px"),
        ("frame_rate", "23.976", "23.976 frames/s"),
        ("bitrate", "much", "much"),
        ("bitrate", "9" * 40, "9" * 40),
        ("bitrate", ["1", "2"], "1; 2"),
        ("has_picture", "true", "yes"),
        ("has_picture", "maybe", "maybe"),
        ("title", "true", "true"),
        ("title", "128000", "128000"),
    ],
)
def test_a_number_has_its_unit_and_all_else_stays(name: str, value: str | list[str], shown: str) -> None:
    assert field_value(value, name) == shown
