"""Random queries find the files that a slow reading of the same metadata finds, on every database, page after page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.library.conftest import FakeHook, World
from viewra import library
from viewra.library.listing.files import list_files
from viewra.types import FileOutcome, FileToRead

Fields = Mapping[str, "str | list[str]"]
Predicate = Callable[[str, Fields], bool]
Asked = tuple[str, Predicate]
"""A query, and whether a file at a place with such tags is meant."""

FILES: dict[str, Fields] = {
    "rock/one.flac": {
        "title": "One Two", "artist": ["Ann", "Bob Cat"], "album": "Red", "date": "1990", "bitrate": "900000",
        "size": "7", "track": "eleven", "gain": "-6.5 dB", "mood": "true", "discnumber": "1", "tracknumber": "3",
    },
    "rock/two.flac": {
        "title": "Two", "artist": "Ann", "album": "Red", "date": "1991-05", "bitrate": "320000", "gain": "+3.25 dB",
        "mood": "false", "tracknumber": "2/9", "duration": "61.5",
    },
    "rock/cat.mp3": {"title": "Cat Two One", "artist": "Bob", "album": "Blue", "gain": ".5", "duration": "61"},
    "jazz/one two.mp3": {"artist": "Dee", "genre": ["Jazz", "Rock"], "date": "2000-01-31", "tracknumber": "0"},
    "jazz/red.mkv": {"title": "Red", "date": "x", "bitrate": "fast", "gain": "0", "duration": "nan"},
    "jazz/none.jpg": {},
    "gone/cat one.mp3": {"title": "Two Cat", "artist": "Ann", "date": "1990-02", "bitrate": "128000"},
    "gone/none.flac": {"gain": "-1"},
}  # fmt: skip

TEXT = ("title", "artist", "album", "albumartist", "composer", "genre", "date", "path")
SORTS = ("added", "album", "artist", "duration", "episode", "id", "modified", "path", "size", "title", "track", "year")
WORDS = ("one", "two", "cat", "ann", "bob", "red", "rock", "jazz", "1990", "none", "absent")


def texts(place: str, tags: Fields, field: str) -> list[str]:
    found = {"title": Path(place).stem, "path": place} | {**tags}
    value = found.get(field, [])
    return [value] if isinstance(value, str) else value


def spoken(text: str) -> list[str]:
    return re.findall("[a-z0-9]+", text.lower())


def has(place: str, tags: Fields, fields: Sequence[str], phrase: list[str], prefix: bool) -> bool:
    for text in (text for field in fields for text in texts(place, tags, field)):
        heard = spoken(text)
        for at in range(len(heard) - len(phrase) + 1):
            *first, last = heard[at : at + len(phrase)]
            if first == phrase[:-1] and (last.startswith(phrase[-1]) if prefix else last == phrase[-1]):
                return True
    return False


def leading(text: str) -> float | None:
    found = re.match(r"[+-]?\d*\.?\d+", text)
    return float(found.group()) if found else None


def own(place: str, tags: Fields, field: str) -> float | None:
    """The numbers of the library itself; 0 stands for what is not known, but of the size."""
    stated = {"year": "date", "disc": "discnumber", "track": "tracknumber", "duration": "duration"}
    if field == "size":
        return len(place)
    said = "".join(texts(place, tags, stated[field])[:1])
    found = re.search(r"\d+(\.\d+)?" if field == "duration" else r"\d+", said[:4] if field == "year" else said)
    return (float(found.group()) if found else 0) or None


COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
}  # fmt: skip


@st.composite
def word(draw: st.DrawFn) -> Asked:
    phrase = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2))
    field = draw(st.sampled_from(("", "", *TEXT, "mood")))
    prefix = len(phrase) == 1 and draw(st.booleans())
    if prefix:
        phrase = [phrase[0][:2]]
    fields = (field,) if field else TEXT
    text = f'"{" ".join(phrase)}"' if len(phrase) > 1 else phrase[0] + "*" * prefix
    return (f"{field}:{text}" if field else text), lambda place, tags: has(place, tags, fields, phrase, prefix)


@st.composite
def compared(draw: st.DrawFn, fields: Sequence[str], of: Callable[[str, Fields, str], list[float]]) -> Asked:
    field = draw(st.sampled_from(fields))
    number = draw(
        st.sampled_from((-6.5, -1, 0, 0.5, 1, 2, 2.5, 3, 3.25, 14, 61, 61.5, 1990, 1990.5, 320_000, 5e9, 5e15))
    )
    written = "320k" if number == 320_000 and draw(st.booleans()) else f"{number:.15g}".replace("e+", "e")
    written = f"{int(number)}" if number == int(number) and written != "320k" else written
    if draw(st.booleans()):
        other = draw(st.sampled_from((-3, 0, 1.5, 61.25, 1991, 1e6)))
        text = f"{field}:{written}..{other:.7g}".replace("1e+06", "1M")
        return text, lambda place, tags: any(number <= one <= other for one in of(place, tags, field))
    sign = draw(st.sampled_from([*COMPARED]))
    return f"{field}:{sign}{written}", lambda place, tags: any(
        COMPARED[sign](one, number) for one in of(place, tags, field)
    )


def stored_numbers(place: str, tags: Fields, field: str) -> list[float]:
    return [one for text in texts(place, tags, field) if (one := leading(text)) is not None]


def own_numbers(place: str, tags: Fields, field: str) -> list[float]:
    one = own(place, tags, field)
    return [] if one is None else [one]


@st.composite
def pattern(draw: st.DrawFn) -> Asked:
    field = draw(st.sampled_from(("title", "path", "artist", "bitrate")))
    expression = draw(st.sampled_from(("^one", "two$", "c.t", "^rock/", "o+", "[0-9]{6}", "(ann|bob) ?c?")))
    text = f'{field}:~"{expression}"'
    return text, lambda place, tags: any(re.search(expression, one, re.IGNORECASE) for one in texts(place, tags, field))


def fixed(text: str, predicate: Predicate) -> st.SearchStrategy[Asked]:
    return st.just((text, predicate))


KINDS = {".flac": "audio", ".mp3": "audio", ".mkv": "video", ".jpg": "image"}
METADATA = st.one_of(
    word(),
    compared(("bitrate", "gain"), stored_numbers),
    compared(("size",), own_numbers),
    pattern(),
    fixed("mood:yes", lambda place, tags: tags.get("mood") == "true"),
    fixed("mood:no", lambda place, tags: tags.get("mood") == "false"),
    fixed("artist:*", lambda place, tags: "artist" in tags),
    fixed('gain:""', lambda place, tags: "gain" not in tags),
    fixed("added:<1h", lambda place, tags: True),
    fixed("modified:>1h", lambda place, tags: False),
    fixed("type:flac", lambda place, tags: place.endswith("flac")),
)
ANY = st.one_of(
    METADATA,
    compared(("year", "disc", "track", "duration"), own_numbers),
    fixed("kind:audio", lambda place, tags: KINDS[Path(place).suffix] == "audio"),
    fixed("year:1990", lambda place, tags: own(place, tags, "year") == 1990),
    fixed("track:2.5", lambda place, tags: False),
    fixed("duration:1:01", lambda place, tags: own(place, tags, "duration") in {61, 61.5}),
)


def joined(parts: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    def excluded(one: Asked) -> Asked:
        return f"-({one[0]})", lambda place, tags: not one[1](place, tags)

    def both(two: tuple[Asked, Asked]) -> Asked:
        (a, is_a), (b, is_b) = two
        return f"({a}) {b}", lambda place, tags: is_a(place, tags) and is_b(place, tags)

    def either(two: tuple[Asked, Asked]) -> Asked:
        (a, is_a), (b, is_b) = two
        return f"({a} OR {b})", lambda place, tags: is_a(place, tags) or is_b(place, tags)

    two = st.tuples(parts, parts)
    return st.one_of(parts.map(excluded), two.map(both), two.map(either))


def missing(place: str, tags: Fields) -> bool:
    return place.startswith("gone")


def there(place: str, tags: Fields) -> bool:
    return not missing(place, tags)


QUERY = st.recursive(ANY, joined, max_leaves=6).map(
    lambda one: (one[0], lambda place, tags: one[1](place, tags) and not missing(place, tags)),
)
WITH_MISSING = st.recursive(
    st.one_of(METADATA, fixed("missing:yes", missing), fixed("missing:no", there)), joined, max_leaves=5
)


def test_random_queries_find_what_is_meant(world: World, hook: FakeHook) -> None:
    def read(files: Sequence[FileToRead]) -> list[FileOutcome]:
        return [FileOutcome(FILES[str(Path(file.file_path).relative_to(world.folder))]) for file in files]

    hook.add_scraper(behaviour=read).types = ("",)
    for name in FILES:
        world.put(name)
    world.scan()
    for name in FILES:
        if name.startswith("gone"):
            (world.folder / name).unlink()
    world.scan()

    def places(query: str, **page: object) -> tuple[list[str], str | None]:
        found = list_files(world.engine, query, **page)  # type: ignore[arg-type]
        return [str(Path(file.path).relative_to(world.folder)) for file in found.items], found.next

    orders = st.lists(st.tuples(st.sampled_from(SORTS), st.booleans()), max_size=3)
    question = st.tuples(st.one_of(QUERY, QUERY, WITH_MISSING), orders, st.integers(1, 4))

    @settings(phases=[Phase.generate], report_multiple_bugs=False)
    @given(st.lists(question, min_size=6, max_size=6))
    def check(questions: Sequence[tuple[Asked, list[tuple[str, bool]], int]]) -> None:
        for (text, is_meant), order, size in questions:
            query = " ".join((text, *(f"sort:{'-' * downwards}{field}" for field, downwards in order)))
            meant = {place for place, tags in FILES.items() if is_meant(place, tags)}
            if "missing:" not in query:
                meant = {place for place in meant if not missing(place, {})}
            whole, _ = places(query)
            assert sorted(whole) == sorted(meant), query
            parts, cursor = places(query, limit=size)
            while cursor is not None:
                page, cursor = places(query, limit=size, after=cursor)
                parts += page
            assert parts == whole, query
            assert library.search(world.engine, None, query).total == len(whole), query

    check()
