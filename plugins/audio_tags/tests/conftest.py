"""The sample files of the repository, as the tests of the plugin need them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.audio_tags.service.reader import read

from tests.vocabulary import check
from viewra.types.values import Value

REPOSITORY = Path(__file__).resolve().parents[3]
MUSIC = REPOSITORY / "examples" / "music"
MALFORMED = REPOSITORY / "tests" / "audio" / "malformed"
EXPECTED = json.loads((REPOSITORY / "tests" / "audio" / "expected.json").read_text(encoding="utf-8"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with ``sample`` for each good file, and one with ``malformed`` for each bad one."""
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", [MUSIC / name for name in EXPECTED], ids=[Path(name).name for name in EXPECTED])
    if "malformed" in metafunc.fixturenames:
        files = sorted(MALFORMED.iterdir())
        metafunc.parametrize("malformed", files, ids=[file.name for file in files])


@pytest.fixture
def expected(sample: Path) -> dict[str, Any]:
    """What ``expected.json`` says of the sample: its ``fields``, and its ``duration`` in seconds."""
    said: dict[str, Any] = EXPECTED[str(sample.relative_to(MUSIC))]
    return said


@pytest.fixture
def music() -> dict[str, Path]:
    """One good file for each ending, without the dot; of several the first."""
    found: dict[str, Path] = {}
    for name in EXPECTED:
        found.setdefault(Path(name).suffix[1:], MUSIC / name)
    return found


@pytest.fixture
def suite(music: dict[str, Path]) -> dict[str, Any]:
    """The arguments of the check suite: one good file of each ending with its fields, and the malformed files."""
    good = {path: EXPECTED[str(path.relative_to(MUSIC))]["fields"] for path in music.values()}
    return {"good": good, "bad": sorted(MALFORMED.iterdir())}


@pytest.fixture
def facts(tmp_path: Path) -> Callable[..., Mapping[str, Value]]:
    """A function that reads content under a name."""

    def read_content(name: str, content: bytes) -> Mapping[str, Value]:
        (tmp_path / name).write_bytes(content)
        fields = read(str(tmp_path / name))
        check(fields)
        return fields

    return read_content
