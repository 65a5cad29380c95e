"""Cue sheets as programs write them."""

from collections.abc import Callable

import pytest

from viewra.types.values import Value

Put = Callable[..., dict[str, Value]]
SHEET = 'PERFORMER "Für Elise"\nFILE "a.flac" WAVE\n TRACK 01 AUDIO\n  TITLE "Grün"\n  INDEX 01 00:02:37\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(put: Put, encoding: str) -> None:
    fields = put("a.cue", SHEET.encode(encoding), "a.flac")
    assert (fields["albumartist"], fields["cue_tracks"]) == ("Für Elise", "1 2.493 Grün")


def test_the_legacy_encoding_is_the_operators(put: Put) -> None:
    sheet = SHEET.replace("Grün", "Прогулка").replace("Für ", "")
    assert put("a.cue", sheet.encode("cp1251"), encoding="cp1251")["cue_tracks"] == "1 2.493 Прогулка"


def test_several_files_and_a_gap_at_the_end_of_the_one_before(put: Put) -> None:
    sheet = (
        'FILE "one.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 03:00:00\n'
        'FILE "two.wav" WAVE\nINDEX 01 00:00:00\nISRC de-zzz-22-00002\nTRACK 03 AUDIO\nINDEX 01 75:61:00\n'
    )
    fields = put("a.cue", sheet, "one.wav", "two.flac")
    assert fields["cue_files"] == ["1 one.wav", "2 two.flac", "3 two.flac"]
    assert fields["cue_tracks"] == ["1 0.000", "2 0.000"], "the third has no such start"
    assert fields["cue_isrcs"] == "2 DEZZZ2200002"
    assert fields["totaltracks"] == "3"
    assert fields["belongs_to"] == ["one.wav", "two.flac"]


@pytest.mark.parametrize(
    "line", ["FILE name with spaces.wav WAVE", 'FILE "NAME WITH SPACES.wav" WAVE', r'FILE "C:\x\name with spaces.wav"']
)
def test_names_of_files(put: Put, line: str) -> None:
    assert put("a.cue", f"{line}\nTRACK 1 AUDIO\n", "name with spaces.wav")["belongs_to"] == "name with spaces.wav"


def test_a_file_that_is_not_there(put: Put) -> None:
    fields = put("a.cue", SHEET, "a.flac.part", "b.flac")
    assert fields["unresolved"] == "a.flac"
    assert "belongs_to" not in fields


def test_a_name_in_two_formats_means_neither(put: Put) -> None:
    assert put("a.cue", SHEET, "a.wv", "a.mp3")["unresolved"] == "a.flac"


def test_remarks_of_the_disc_and_of_a_track(put: Put) -> None:
    fields = put("a.cue", "REM DATE 1855-09-31\nREM DISCNUMBER 02\nREM GENRE Trio\nTRACK 01 AUDIO\nREM GENRE no\n")
    assert (fields["genre"], fields["discnumber"], fields.get("date")) == ("Trio", "2", "1855-09")


def test_so_many_entries_are_kept(put: Put) -> None:
    sheet = "".join(f"TRACK {number:02} AUDIO\nINDEX 01 {number:02}:00:00\n" for number in range(1, 51))
    fields = put("a.cue", sheet, entries=3)
    assert (fields["totaltracks"], len(fields["cue_tracks"])) == ("50", 3)
