"""Operators' commands to grant permissions, with the plugin of README.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import MUSIC, Viewra
from viewra.process.sandbox.machine import machine

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-"),
    pytest.mark.usefixtures("only_audio_tags"),
]

README = (Path(__file__).parents[2] / "README.md").read_text()


def block(language: str, begins: str) -> str:
    (found,) = (text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if begins in text)
    return str(found)


@pytest.fixture
def verses(tmp_path: Path, viewra: Viewra) -> Viewra:
    """A ``viewra`` that finds the plugin of README.md."""
    directory = tmp_path / "plugins" / "verses"
    directory.mkdir(parents=True)
    (directory / "main.py").write_text(block("python", "class Verses"))
    (directory / "plugin.cue").write_text(block("cue", 'id: "verses"'))
    return lambda *arguments, **keywords: viewra("--plugins", str(directory.parent), *arguments, **keywords)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    music = Path(shutil.copytree(MUSIC / "Clara Schumann", tmp_path / "music"))
    song = next(music.rglob("*.flac"), None) or next(path for path in music.rglob("*") if path.is_file())
    song.with_suffix(".lrc").write_text("la la")
    return song


def words(verses: Viewra, song: Path) -> str | None:
    said = verses("show", song, "--json").data["metadata"].get("lyrics")
    return said and str(said["value"])


def test_a_plugin_reads_what_it_was_granted(verses: Viewra, song: Path) -> None:
    enabled = verses("plugins", "enable", "verses")
    assert "verses requests permission to:" in enabled.out
    assert "filesystem:read" in enabled.out
    assert "reads the words beside a song" in enabled.out
    assert "viewra plugins grant verses filesystem:read" in enabled.out
    failed = verses("scan", song.parent)
    assert "needs filesystem:read" in failed.err + failed.out
    assert words(verses, song) is None
    verses("plugins", "grant", "verses", "filesystem:read", "--library", song.parent.name)
    verses("scan", "--retry-failed", song.parent)
    assert words(verses, song) == "la la"
    assert f"filesystem:read (granted; only {song.parent})" in verses("plugins", "info", "verses").out
    info = verses("plugins", "info", "verses", "--json").data
    assert [(one["resource"], one["granted"]) for one in info["permissions"]] == [("filesystem", True)]
    assert info["sandbox"]["backend"] == "landlock+seccomp"
    refused = verses("plugins", "grant", "verses", "filesystem:raed")
    assert refused.status in {1, 2}
    assert "did you mean filesystem:read?" in refused.err
    assert verses("plugins", "revoke", "verses", "filesystem:read", "--json").data["permissions"][0]["granted"] is False


def test_a_part_of_the_hosts_is_granted(verses: Viewra, tmp_path: Path) -> None:
    manifest = tmp_path / "plugins" / "verses" / "plugin.cue"
    hosts = 'hosts: ["*.example.org", "b.example"]'
    asks = f'permissions: [{{resource: "network", actions: ["fetch"], {hosts}, reason: "words"}}]'
    manifest.write_text(re.sub(r"permissions: \[.*?\n?\]\n", asks, manifest.read_text(), flags=re.DOTALL))
    granted = verses("plugins", "grant", "verses", "--host", "a.example.org", "--host", "b.example").out
    assert "to a.example.org; to b.example (it also asks for: all names below example.org)" in granted
    verses("plugins", "revoke", "verses", "--host", "b.example")
    shown = "network:fetch (granted; only a.example.org; it also asks for *.example.org, b.example)"
    assert shown in verses("plugins", "info", "verses").out
    for arguments, says in (
        (("grant", "verses", "--host", "example.org"), "does not ask for example.org"),
        (("revoke", "verses", "--host", "b.example"), "is not granted by itself"),
        (("grant", "verses"), "RESOURCE:ACTION"),
    ):
        refused = verses("plugins", *arguments)
        assert refused.status in {1, 2}
        assert says in refused.err


def test_scripts_grant_what_it_asks_for(verses: Viewra, song: Path) -> None:
    enabled = verses("plugins", "enable", "verses", "--grant-requested")
    assert "runs without" not in enabled.out
    verses("scan", song.parent)
    assert words(verses, song) == "la la"


def test_the_doctor_says_what_there_is(viewra: Viewra) -> None:
    rows = {row["mechanism"]: row for row in viewra("doctor", "--json").data}
    assert rows["landlock"]["available"]
    assert rows["seccomp"]["available"]
    assert "landlock" in viewra("doctor").out


def test_an_operator_may_do_without(verses: Viewra, song: Path) -> None:
    verses("plugins", "enable", "verses")
    verses("plugins", "grant", "verses", "sandbox:off")
    assert verses("plugins", "info", "verses", "--json").data["sandbox"]["backend"] == "off"
    verses("scan", song.parent)
    assert words(verses, song) == "la la"
