"""``Schedule``: when something is to run again, read from a text such as ``every 6h`` or ``30 3 * * mon``."""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from viewra.durations import duration_text, parse_duration
from viewra.errors import UsageError

_EVERY = re.compile(r"(?:every )?([0-9]+ ?[a-z])", re.ASCII | re.IGNORECASE)
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_LONGEST_CRON = 200
_MACHINES = "/etc/localtime"
_FORMS = 'write an interval such as "every 6h" (s, m, h, d or w), or five fields as cron has them: "30 3 * * mon"'


class Schedule(Protocol):
    """When something is to run again."""

    @property
    def text(self) -> str:
        """The schedule in the form in which it is stored and shown; ``parse_schedule`` reads it."""
        ...

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time later than ``moment`` (which has a time zone), in UTC; None if there is none.

        An interval counts from ``moment``, so pass it the time of the last run. Cron's fields mean the time zone of
        ``moment``: a time that the start of summer time skips runs when the clock has passed it, and a time that its
        end repeats runs once, unless the schedule is for every hour, as Debian's cron does it.
        """
        ...


@attrs.frozen
class Interval:
    """Runs a fixed time after the last run."""

    seconds: int
    text: str

    def next_after(self, moment: datetime) -> datetime | None:
        """``seconds`` later."""
        try:
            return moment.astimezone(UTC) + timedelta(seconds=self.seconds)
        except OverflowError:
            return None


@attrs.frozen
class Cron:
    """Runs at the minutes that five fields name."""

    text: str

    def next_after(self, moment: datetime) -> datetime | None:
        """The next minute that the fields name, if one comes in the next 50 years."""
        from cronsim import CronSim  # for what has a schedule alone

        found = next(CronSim(_NAMED.get(self.text, self.text), moment), None)
        return None if found is None else found.astimezone(UTC)


def parse_schedule(text: str) -> Schedule:
    """Read ``every 6h`` (or ``6h``), five fields of cron, ``@hourly``, ``@daily``, ``@weekly`` or ``@monthly``.

    Raises ``UsageError`` for any other text, and for a date that does not come, such as 30 February.
    """
    given = " ".join(text.split())
    if interval := _EVERY.fullmatch(given):
        seconds = parse_duration(interval[1].replace(" ", ""))
        if not seconds:
            raise UsageError(f"{given!r} is not a schedule: it would run without an end", hint=_FORMS)
        return Interval(seconds, f"every {duration_text(seconds)}")
    if len(given) > _LONGEST_CRON:
        raise UsageError(f"a schedule of {len(given)} characters is too long", hint=_FORMS)
    return _cron(given)


def local_now() -> datetime:
    """Now, in the time zone of this process (the variable TZ, or the machine's) with its rules for summer time."""
    return datetime.now(_local_zone())


def _local_zone() -> tzinfo | None:
    name = os.environ.get("TZ", "").removeprefix(":")
    # Of others, such as a rule in place of a name (CET-1CEST,…), Python knows the distance from UTC as it is now.
    with contextlib.suppress(OSError, ValueError, ZoneInfoNotFoundError):
        if name and not os.path.isabs(name):  # noqa: PTH117 - a text
            return ZoneInfo(name)
        with open(name or _MACHINES, "rb") as file:
            return ZoneInfo.from_file(file)
    return datetime.now(UTC).astimezone().tzinfo


def _cron(given: str) -> Cron:
    from cronsim import CronSim, CronSimError

    fields = _NAMED.get(given.lower())
    said = given.lower() if fields else given
    try:
        if len((fields or given).split(" ")) != 5:
            raise CronSimError("it has not five fields")
        # A leap year's first day, so that 29 February is found as well.
        if next(CronSim(fields or given, datetime(2024, 1, 1, tzinfo=UTC)), None) is None:
            raise CronSimError("its date never comes")
    except CronSimError as error:
        raise UsageError(
            f"{given!r} is not a schedule: {str(error)[:1].lower()}{str(error)[1:]}", hint=_FORMS
        ) from None
    return Cron(said)
