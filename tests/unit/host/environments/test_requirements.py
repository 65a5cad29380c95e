"""What a plugin's author may name, and what is the operator's choice."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewra.errors import ManifestError
from viewra.host.environments.requirements import Requirements, read_requirements

HASH = "sha256:" + "a" * 64


def read(folder: Path, text: str, name: str = "requirements.txt") -> Requirements | None:
    (folder / name).write_text(text)
    return read_requirements(folder)


def test_names_versions_and_hashes(tmp_path: Path) -> None:
    other = f"--hash=sha256:{'B' * 64}"
    text = f"# needs\nmutagen >= 1.47  # tags\n\nRapid.Fuzz==3 \\\n  --hash={HASH} \\\n  {other}\n"
    found = read(tmp_path, text)
    assert found is not None
    assert [(one.name, one.line, len(one.hashes)) for one in found.wanted] == [("mutagen", 2, 0), ("rapid-fuzz", 4, 2)]


def test_of_a_project(tmp_path: Path) -> None:
    found = read(tmp_path, '[project]\nname = "x"\ndependencies = ["mutagen>=1", "viewra-sdk[db]"]', "pyproject.toml")
    assert found is not None
    assert (found.lines, found.extras) == (("mutagen>=1",), ("db",))
    assert read(tmp_path, "", "requirements.txt") == Requirements(tmp_path / "requirements.txt", ())


def test_a_project_that_names_nothing_has_no_environment(tmp_path: Path) -> None:
    assert read_requirements(tmp_path) is None
    assert read(tmp_path, "[tool.ruff]\nline-length = 120\n", "pyproject.toml") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a\n-r /etc/passwd", "options are not used here"),
        ("a\n--index-url https://evil.example", "options are not used here"),
        ("a\nb --global-option=x", "options are not used here"),
        ("a\n-e .", "options are not used here"),
        ("a\n../other", "names no package"),
        ("a\n==1", "names no package"),
        ("a\nb @ file:///etc/b.whl", "comes from"),
        ("a\nb @ git+https://example.org/b.git", "comes from"),
        ("a\nb @ https://example.org/b-1.0.tar.gz", "comes from"),
        ("a\nb @ https://example.org/b-1.0-py3-none-any.whl", "comes from"),
        ("a\nviewra", "viewra is the host"),
        ("a\nviewra-sdk>=99", "this is viewra"),
    ],
)
def test_what_is_refused_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=why) as raised:
        read(tmp_path, text)
    assert (raised.value.file, raised.value.line) == (str(tmp_path / "requirements.txt"), 2)


@pytest.mark.parametrize("text", ["x = ", "[project]\ndependencies = 1", "[project]\ndependencies = [1]"])
def test_a_bad_project(text: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        read(tmp_path, text, "pyproject.toml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str | bytes) -> None:
    (tmp_path / "requirements.txt").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    with contextlib.suppress(ManifestError):
        read_requirements(tmp_path)
