"""What is exported and listed can be read again, whatever files are called and tagged."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence

import attrs
import pytest

from viewra.cli import export
from viewra.cli._rows import Formatter
from viewra.cli._tables import cells, table_lines
from viewra.errors import UsageError
from viewra.library.exporting import csv_lines, every, json_lines, m3u8_lines
from viewra.types import Album, FileEntry, MetadataValue, Page

ODD = (
    "plain",
    'a,b"c',
    "new\nline",
    "tab\t",
    "=1+1",
    "+/-",
    "-x",
    "@a",
    "",
    " ",
    "\x1b[31m",
    "日本語",
    "bad\udcff",
    "\r",
)


def entry(number: int, text: str) -> FileEntry:
    return FileEntry(
        id=number, library_id=1, path=f"/m/{text}.mp3", mime_type="audio/mpeg", size=1, added_at=0, kind="audio",
        title=text.encode("utf-8", "replace").decode(), artist="A", album="", albumartist="", album_id=None, year=None,
        duration_s=1.5, disc=None, track=None, series_id=None, season=None, episode=None, missing_since=None,
    )  # fmt: skip


class Access:
    """The metadata of files; ``gone`` were forgotten since they were listed."""

    def __init__(self, gone: Iterable[int] = ()) -> None:
        self.gone = {*gone}
        self.asked: list[int] = []

    def metadata(self, file_ids: Sequence[int]) -> dict[int, dict[str, MetadataValue]]:
        self.asked.append(len(file_ids))
        said = {"mood": MetadataValue(("sad", "slow"), "p", "", ()), "key": MetadataValue("Am", "p", "", ())}
        return {file_id: said for file_id in file_ids if file_id not in self.gone}

    def stored_fields(self) -> set[str]:
        return {"mood", "key"}


ENTRIES = [entry(number, text) for number, text in enumerate(ODD, 1)]


def test_csv_is_read_as_it_was_and_holds_no_formula() -> None:
    lines = csv_lines(ENTRIES)
    rows = [*csv.DictReader(f"{line}\r\n" for line in lines)]
    assert len(rows) == len(ODD)
    assert [row["title"].removeprefix("'") for row in rows] == [one.title for one in ENTRIES]
    assert not any(row["title"][:1] in {"=", "+", "-", "@", "\t", "\r"} for row in rows)
    assert {row["id"] for row in rows} == {str(one.id) for one in ENTRIES}


def test_json_has_all_metadata_and_leaves_out_what_was_forgotten_meanwhile() -> None:
    access = Access(gone=[3])
    rows = json.loads("\n".join(json_lines(iter(ENTRIES), access)))  # type: ignore[arg-type]
    assert [row["id"] for row in rows] == [one.id for one in ENTRIES if one.id != 3]
    assert rows[0]["metadata"] == {"key": "Am", "mood": ["sad", "slow"]}
    assert len(access.asked) == 1, "all of a page at once"
    assert json.loads("\n".join(json_lines([], access))) == []  # type: ignore[arg-type]


def test_a_playlist_has_the_paths_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [*m3u8_lines(ENTRIES, export._left_out)]
    nameable = [one.path for one in ENTRIES if not {"\n", "\r", "\udcff"} & {*one.path}]
    assert lines[2::2] == nameable
    assert lines[0] == "#EXTM3U"
    assert all(line.startswith("#EXTINF:2,A") and "\x1b" not in line and "\n" not in line for line in lines[1::2])
    assert capsys.readouterr().err.count("left out") == len(ENTRIES) - len(nameable)


def test_formats() -> None:
    def line(text: str) -> str:
        return next(Formatter(text, FileEntry, Access()).lines(ENTRIES))  # type: ignore[arg-type]

    assert line("$artist - ${title}s $$5 $year") == "A - plains $5 "
    assert line("$mood/$key/$composer") == "sad; slow/Am/"
    assert line("$added $type") == "1970-01-01T00:00:00Z audio/mpeg"
    assert line(" ".join(f"${name}" for name in attrs.fields_dict(FileEntry))).startswith("1 1 /m/plain.mp3 ")
    for text in ("$", "${", "$1", "${title", "$title$", "${title.x}"):
        with pytest.raises(UsageError, match="cannot be read"):
            line(text)
    for text, hint in (
        ("$titel", "did you mean \\$title"),
        ("$TITLE", "did you mean \\$title"),
        ("$qqq", "fields are"),
    ):
        with pytest.raises(UsageError, match="this format: nothing listed has") as caught:
            line(text)
        assert caught.value.hint is not None
        assert hint.replace("\\", "") in caught.value.hint


def test_formats_of_albums() -> None:
    album = Album(7, "One", "A", None, 2, 1.5, "", 0)
    formatter = Formatter("$albumartist: $album ($year) $files", Album, Access())  # type: ignore[arg-type]
    assert [*formatter.lines([album])] == ["A: One () 2"]
    with pytest.raises(UsageError, match="nothing listed has a field \\$mood"):
        Formatter("$mood", Album, Access())  # type: ignore[arg-type]


def test_all_pages_are_listed_in_constant_memory() -> None:
    asked: list[tuple[str | None, int]] = []

    def listing(after: str | None, wanted: int) -> Page[int]:
        asked.append((after, wanted))
        start = int(after or 0)
        return Page(tuple(range(start, start + wanted)), str(start + wanted))

    rows: Iterator[int] = every(listing, None)
    assert [next(rows) for _ in range(600)] == [*range(600)]
    assert len(asked) == 2
    assert [*every(listing, 3)] == [0, 1, 2]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_table_fits_and_tells_paths_apart(width: int) -> None:
    rows = [
        ("a title of many words", "宇多田ヒカル, 宇多田ヒカル", "/music/some/folder/with a long name/01 first.mp3"),
        ("e\u0301" * 30, "👨‍👩‍👧‍👦 and 🎵🎵", "/music/some/folder/with a long name/02 second.mp3"),
    ]
    lines = table_lines(rows, ("TITLE", "ARTIST", "PATH"), width)
    assert all(cells(line) <= max(width, 3 * 8 + 2 * 2) for line in lines)
    assert lines[1].endswith("mp3")
    assert lines[1].split()[-1] != lines[2].split()[-1]
    whole = table_lines(rows, ("TITLE", "ARTIST", "PATH"), None)
    assert all(cell.strip() in line for row, line in zip(rows, whole[1:], strict=True) for cell in row)


def test_one_long_value_does_not_fill_the_other_rows_with_spaces() -> None:
    long, short = table_lines([("x" * 5000, "a"), ("y", "b")], ("TITLE", "ARTIST"), None)[1:]
    assert long == "x" * 5000 + "  a"
    assert short.split() == ["y", "b"]
    assert len(short) < 100
