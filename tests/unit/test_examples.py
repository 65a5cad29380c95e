"""The mixed library in examples/ is what its script makes, and small."""

from tests.mixed.make import COPIES, EXAMPLES, FOLDERS, TEXTS


def test_every_file_is_as_the_script_makes_it() -> None:
    made = {EXAMPLES / path: source.read_bytes() for path, source in COPIES.items()}
    made |= {EXAMPLES / path: text.encode() for path, text in TEXTS.items()}
    there = [path for folder in FOLDERS for path in (EXAMPLES / folder).rglob("*") if path.is_file()]
    assert {path for path in made if path.parent != EXAMPLES} == set(there)
    assert [path for path, content in made.items() if path.read_bytes() != content] == []


def test_all_of_it_is_below_300_kb() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 300_000
