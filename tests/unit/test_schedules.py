"""Schedules and lengths of time: the texts that people write."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.durations import duration_text, parse_duration
from viewra.errors import UsageError
from viewra.schedules import local_now, parse_schedule

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@given(st.integers(0, 10**9))
def test_lengths_of_time_are_read_as_they_are_written(seconds: int) -> None:
    text = duration_text(seconds)
    if len(text) <= 10:
        assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "kept", "following"),
    [
        ("6h", "every 6h", NOON + timedelta(hours=6)),
        (" Every  90 M ", "every 90m", NOON + timedelta(minutes=90)),
        ("every 24h", "every 1d", NOON + timedelta(days=1)),
        ("30 3 * * *", "30 3 * * *", datetime(2026, 3, 2, 3, 30, tzinfo=UTC)),
        ("0  12 * * mon", "0 12 * * mon", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("@Daily", "@daily", datetime(2026, 3, 2, tzinfo=UTC)),
        ("0 0 29 2 *", "0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_what_a_schedule_says(text: str, kept: str, following: datetime) -> None:
    schedule = parse_schedule(text)
    assert schedule.text == kept
    assert parse_schedule(kept).next_after(NOON) == following == schedule.next_after(NOON)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "five fields"),
        ("0h", "without an end"),
        ("every 99999999w", "too long"),
        ("6 parsecs", "five fields"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("61 * * * *", "bad minute"),
        ("0 0 */20 * 1L", "never comes"),
        ("@reboot", "five fields"),
        ("* " * 150, "too long"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_forms(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        parse_schedule(text)
    assert caught.value.hint


def test_a_time_that_summer_time_skips_runs_and_one_that_it_repeats_runs_once() -> None:
    nightly = parse_schedule("30 2 * * *")
    skipped = nightly.next_after(datetime(2026, 3, 28, 12, tzinfo=BERLIN))
    assert skipped is not None
    assert skipped.astimezone(BERLIN).date() == date(2026, 3, 29)
    first = nightly.next_after(datetime(2026, 10, 24, 12, tzinfo=BERLIN))
    assert first is not None
    second = nightly.next_after(first.astimezone(BERLIN))
    assert second is not None
    assert second.astimezone(BERLIN).date() == date(2026, 10, 26)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        schedule = parse_schedule(text)
    except UsageError:
        return
    following = schedule.next_after(NOON)
    assert following is None or following > NOON


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("Asia/Tokyo", 9), (":Asia/Tokyo", 9), ("JST-9", 9), ("XST+3", -3), ("Nowhere/City", 0), ("../../etc", 0)],
)
def test_the_local_time_is_known_however_its_zone_is_written(
    monkeypatch: pytest.MonkeyPatch, zone: str, hours: int
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        now = local_now()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert now.utcoffset() == timedelta(hours=hours)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
