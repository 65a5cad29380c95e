"""What benchmarks print becomes rows of one table, and a picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks.all import TABLE, Row, rows_of, with_table
from benchmarks.picture import drawn


@pytest.mark.parametrize(
    ("line", "what", "ratio", "holds"),
    [
        ("ratio 1.18 (at most 1.15), 3600 files, median of 2 runs", "3600 files, median of 2 runs", 1.18, False),
        ("ratio 0.85 (at least 0.65), 50,000 rows", "50,000 rows", 0.85, True),
        ("  beets:   2.50 s, 180 files/s; viewra to beets: ratio 0.17 (at most 0.4)",
         "beets: 2.50 s, 180 files/s; viewra to beets", 0.17, True),
        ("viewra search bach  1.31 × python -c 'import sqlalchemy' (at most 1.5)",
         "viewra search bach × python -c 'import sqlalchemy'", 1.31, True),
        ("1.44 × its SQL (at most 1.3)", "its SQL", 1.44, False),
        ("10 plugins of 50 ms, of 60 ms: ratio 0.95 (at most 1)", "10 plugins of 50 ms, of 60 ms", 0.95, True),
        ("start ms: plugin 12.0, bare grpcio 10.0, ratio 1.05 (limit 1.15)", "start ms: plugin 12.0, bare grpcio 10.0",
         1.05, True),
    ],
)  # fmt: skip
def test_a_line_with_a_ratio_and_its_limit_is_a_row(line: str, what: str, ratio: float, holds: bool) -> None:
    (row,) = rows_of("one", f"some figures: 12 ms\n{line}\np50 1.4 ms (at most 40)\n")
    assert isinstance(row, Row)
    assert (row.benchmark, row.what, row.ratio, row.holds) == ("one", what, ratio, holds)


def test_the_table_of_a_page_is_replaced_and_the_rest_stays() -> None:
    rows = [Row("rows", "of one", 0.5, "at least", 0.65), Row("scan", "of four", 1.5, "at least", 0.4)]
    page = f"# Head\n\n{TABLE}| old | | | |\n\nThe rest.\n"
    for _ in range(2):  # also where a table was written before
        page = with_table(page, rows)
    assert page == (
        f"# Head\n\n{TABLE}| scan | of four | 1.50 | at least 0.4 |\n| rows | of one | 0.50 | at least 0.65 ✗ |\n\n"
        "The rest.\n"
    )


@pytest.mark.parametrize("counts", [[1000], [1000, 100_000], [36, 1_000_000]])
def test_the_picture_has_both_lines_within_its_frame(counts: list[int]) -> None:
    sizes = [{"files": count, "files_per_s": 1e9 / count, "rss_mb": 90.0 + n} for n, count in enumerate(counts)]
    picture = ET.fromstring(drawn(sizes))
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert len(points) == len(counts)
        assert all(0 <= x <= 720 and 0 <= y <= 300 for x, y in points)
