"""Sizes, times and names as people read them."""

from __future__ import annotations

import pytest

from viewra.web.pages import words


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (123_456, "123 kB"),
        (1.5e9, "1.5 GB"),
        (3.05e19, "30500 PB"),
    ],
)
def test_sizes(number: float, text: str) -> None:
    assert words.size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (187, "3:07"), (3765, "1:02:45"), (3.6e7, "10,000:00:00")]
)
def test_playing_times(seconds: float, text: str) -> None:
    assert words.plays(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.00005, "50 µs"),
        (0.012, "12 ms"),
        (4.25, "4.2 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (691_200, "8 days"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [(1, "just now"), (59, "59 seconds ago"), (60, "1 minute ago"), (7200, "2 hours ago"), (6 * 86_400, "6 days ago")],
)
def test_times_that_have_passed(passed: int, text: str) -> None:
    assert words.ago(1_700_000_000_000_000, now=1_700_000_000 + passed) == text


@pytest.mark.parametrize("at", [-(10**18), 10**18, 2**63])
def test_a_wrong_clock_has_a_time_too(at: int) -> None:
    assert words.ago(at, now=1_700_000_000)
    assert words.moment(at).tzinfo is not None


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Drei Romanzen, op. 21", "DO"), ("Gymnopédies", "G"), ("", "?"), ("21", "2"), ("四季", "四"), ("!!!", "!")],
)
def test_a_name_without_a_picture(name: str, letters: str) -> None:
    assert words.initials(name) == letters
    assert words.hue(name) == words.hue(name)
    assert words.hue("\udce9").startswith("h")


def test_words() -> None:
    assert words.words("sample_rate") == "Sample rate"
    assert words.plural(1, "crash", "crashes") == "1 crash"
    assert words.plural(1200, "file") == "1,200 files"
    assert words.memory(512 * 1024 * 1024) == "512 MiB"
