"""The sample files of the repository, as the tests of the plugin need them."""

import json
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
SAMPLES = REPOSITORY / "tests" / "media" / "samples"
MUSIC = REPOSITORY / "examples" / "music"
EXPECTED = json.loads((REPOSITORY / "tests" / "media" / "expected.json").read_text(encoding="utf-8"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with ``sample`` for each sample."""
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", [SAMPLES / name for name in EXPECTED], ids=list(EXPECTED))


@pytest.fixture
def expected(sample: Path) -> dict[str, Any]:
    """What ``expected.json`` says of the sample: its ``fields``, and its ``duration`` in seconds or None."""
    said: dict[str, Any] = EXPECTED[sample.name]
    return said


@pytest.fixture
def samples() -> Path:
    """The folder of the samples."""
    return SAMPLES


@pytest.fixture
def music() -> Path:
    """The folder of the repository's music."""
    return MUSIC


@pytest.fixture
def suite(tmp_path: Path) -> dict[str, Any]:
    """The arguments of the check suite: good files with their fields, and bad ones."""
    return {
        "good": {SAMPLES / name: EXPECTED[name]["fields"] for name in ("film.mkv", "book.m4b", "tv.ts", "tone.dff")},
        "bad": bad_files(tmp_path),
    }


def bad_files(folder: Path) -> list[Path]:
    """Files that are no media, or that would lead a parser elsewhere."""
    contents = {
        "empty.mkv": b"",
        "text.mp4": b"This is no film.\n" * 100,
        "script.ts": b"export const answer: number = 42;\n" * 50,
        "playlist.mkv": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n%b\n#EXT-X-ENDLIST\n"
        % bytes(SAMPLES / "tv.ts"),
        "list.mkv": f"ffconcat version 1.0\nfile '{SAMPLES / 'film.mkv'}'\n".encode(),
        "picture.mp4": (SAMPLES / "cover.png").read_bytes(),
        "no-index.mp4": (SAMPLES / "clip.mp4").read_bytes()[:3000],
        "cut.mkv": (SAMPLES / "film.mkv").read_bytes()[:300],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]
