"""When folders are due: quiet ones soon, busy ones now and then, and each change is in what is taken."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from viewra.host.upkeep.marks import LONGEST_S, MOST, PATIENCE_S, QUIET_S, WRITING_S, Marks
from viewra.library.scope import Part

FLAT = Part(b"/m/a", deep=False)


def test_a_folder_is_due_when_it_has_been_quiet() -> None:
    marks = Marks(b"/m")
    assert marks.due == math.inf
    marks.note(b"/m/a", 10.0)
    marks.note(b"/m/a", 10.1)
    assert marks.due == 10.1 + QUIET_S
    assert marks.take(10.0) == []
    assert marks.take(marks.due) == [FLAT]
    assert marks.due == math.inf


def test_a_file_that_is_written_is_waited_for_until_it_is_closed() -> None:
    marks = Marks(b"/m")
    marks.note_write(b"/m/a", b"x.mp3", 10.0)
    marks.note(b"/m/a", 10.0, name=b"other.mp3")
    assert marks.due == 10.0 + WRITING_S
    marks.note_write(b"/m/a", b"x.mp3", 11.0)
    assert marks.due == 11.0 + WRITING_S
    marks.note(b"/m/a", 11.5, name=b"x.mp3")
    assert marks.due == 11.5 + QUIET_S


def test_one_that_never_becomes_quiet_is_looked_at_less_and_less_often() -> None:
    marks, now, looked = Marks(b"/m"), 0.0, []
    while now < 2000:
        marks.note_write(b"/m/a", b"x.mp3", now)
        if marks.due <= now:
            assert marks.take(now) == [FLAT]
            looked.append(now)
        now += 1
    pauses = [after - before for before, after in zip([0.0, *looked], looked, strict=False)]
    assert pauses[0] == LONGEST_S
    assert pauses == sorted(pauses)
    assert PATIENCE_S <= pauses[-1] <= PATIENCE_S + 2


def test_folders_below_a_deep_one_are_taken_with_it_and_two_ends_of_a_move_together() -> None:
    marks = Marks(b"/m")
    marks.note(b"/m/a", 10.0, deep=True)
    marks.note(b"/m/a/b", 10.0)
    marks.note(b"/m/ab", 10.05)
    assert sorted(marks.take(10.0 + QUIET_S)) == [Part(b"/m/a"), Part(b"/m/ab", deep=False)]
    assert marks.due == math.inf


def test_too_many_folders_are_the_whole_library() -> None:
    marks = Marks(b"/m")
    for number in range(MOST + 10):
        marks.note(b"/m/%d" % number, 10.0)
    assert marks.take(10.0 + QUIET_S) == [Part(b"/m")]
    assert marks.due == math.inf


FOLDERS = [b"/m", b"/m/a", b"/m/a/b", b"/m/ab", b"/m/c/d"]


@given(st.lists(st.tuples(st.sampled_from(FOLDERS), st.booleans(), st.floats(0, 5)), max_size=20))
def test_every_change_is_in_what_is_taken_after_it(changes: list[tuple[bytes, bool, float]]) -> None:
    marks, now = Marks(b"/m"), 0.0
    waiting: list[tuple[bytes, bool]] = []
    for folder, deep, pause_s in [*changes, (b"/m", False, 1000.0)]:
        now += pause_s
        if marks.due <= now:
            taken = marks.take(now)
            tops = [part.path for part in taken if part.deep]
            assert all(not part.covers(other) for part in taken for other in tops if other != part.path)
            waiting = [one for one in waiting if not any(_covers(part, one) for part in taken)]
        marks.note(folder, now, deep=deep)
        waiting.append((folder, deep))
        assert marks.due < math.inf
    taken = marks.take(now + 1000)
    assert [one for one in waiting if not any(_covers(part, one) for part in taken)] == []


def _covers(part: Part, change: tuple[bytes, bool]) -> bool:
    folder, deep = change
    return part.covers(folder) and (part.deep or not deep)
