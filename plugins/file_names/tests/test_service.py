"""The class that the host talks to, in this process, over gRPC, and as a process of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from viewra_plugins.file_names.service import FileNames, music
from viewra_plugins.file_names.service import plugin as plugin_module
from viewra_plugins.file_names.service.parts import FileNameError, take_apart

from tests import vocabulary
from tests.fresh import run_main
from tests.thorough import THOROUGH
from viewra.errors import PluginError
from viewra.manifest import load
from viewra.testing import PluginUnderTest, check_metadata_scraper, in_process, loopback, subprocess_plugin
from viewra.types.values import Value

PLUGIN = Path(__file__).resolve().parents[1]
EXAMPLES = PLUGIN.parents[1] / "examples"
SETTINGS = {"video": True, "music": True, "folders": True, "general_folders": []}
FILM = EXAMPLES / "films/Die Reise zum Mond (1902)/Die Reise zum Mond (1902) 1080p {edition-Restored}.mp4"
EPISODE = EXAMPLES / "series/Faust/Season 01/Faust - S01E02 - Der Pakt.webm"
SONG = EXAMPLES / "music/Clara Schumann/Drei Romanzen, op. 21/02 Romanze F-Dur.mp3"
GOOD: dict[str | Path, dict[str, Value]] = {
    FILM: {"title": "Die Reise zum Mond", "date": "1902", "resolution": "1080p", "edition": "Restored"},
    EPISODE: {"show": "Faust", "season": "1", "episode": "2", "title": "Der Pakt"},
    SONG: {"tracknumber": "2", "title": "Romanze F-Dur", "album": "Drei Romanzen, op. 21", "artist": "Clara Schumann"},
}


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_passes_the_check_suite(run: Callable[..., AbstractContextManager[PluginUnderTest]], tmp_path: Path) -> None:
    with run(FileNames(), settings=SETTINGS) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, good=GOOD, bad=[tmp_path, tmp_path / "absent.mkv"])


@pytest.mark.process
def test_it_passes_the_check_suite_as_a_process(tmp_path: Path) -> None:
    with subprocess_plugin(PLUGIN) as plugin:
        check_metadata_scraper(plugin.metadata_scraper, good=GOOD, bad=[tmp_path])


@pytest.mark.parametrize(
    ("path", "mime_type", "answer"),
    [
        ("/films/a.mkv", "", True),
        ("/music/A.FLAC", "", True),
        ("/music/no ending", "audio/mpeg", True),
        ("/photos/a.jpg", "image/jpeg", False),
        ("/films/mkv", "", False),
        ("/films/\udcff.mkv", "application/octet-stream", True),
    ],
)
def test_can_handle(path: str, mime_type: str, answer: bool) -> None:
    assert FileNames().can_handle(path, mime_type) is answer


def test_every_field_that_it_gives_has_a_priority_below_that_of_others() -> None:
    names = "title artist album albumartist tracknumber discnumber date show season episode edition resolution source"
    assert load(PLUGIN).priority == dict.fromkeys(names.split(), -100)


def test_without_guessit_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_module, "find_spec", lambda _name: None)
    with pytest.raises(PluginError, match=r"install it with: pip install guessit"), loopback(FileNames()):
        pass


def test_neither_a_start_nor_music_imports_guessit() -> None:
    code = (
        "plugin = service.FileNames(); plugin.start(); from viewra.types import PluginContext; "
        f"plugin.bind(context=PluginContext('file_names', {SETTINGS!r})); "
        f"print(plugin.extract_metadata({str(SONG)!r})['title'], 'guessit' in sys.modules)"
    )
    done = run_main(PLUGIN, code)
    assert (done.stdout, done.stderr) == ("Romanze F-Dur False\n", "")


names = st.text(alphabet=st.one_of(st.sampled_from("0123456789 -–._()[]SEx"), st.characters()), max_size=40)


@settings(max_examples=150 if THOROUGH else 50, deadline=None)
@given(path=st.lists(names, min_size=1, max_size=4).map("/".join), in_order=st.booleans())
@example("[" * 190 + ".mp3", True)
@example("1" + " " * 190 + "-.mp3", True)
@example("a - " * 49 + ".mp3", False)
@example("01 a/" + "(2001)" * 30 + "/01 b.mp3", True)
def test_any_name_of_music(path: str, in_order: bool) -> None:
    vocabulary.check(music.guess(take_apart(path, ()), folders=True, in_order=in_order))


@settings(max_examples=25 if THOROUGH else 8, deadline=None)
@given(path=st.lists(names, min_size=1, max_size=3).map("/".join))
@example("[" * 190 + ".mkv")
@example("s01e" * 45 + ".mkv")
@example("1x" * 90 + ".mkv")
@example("2001.01.01." * 17 + ".mkv")
@example("-".join(["e01"] * 45) + ".mkv")
def test_any_name_of_a_film(path: str) -> None:
    from viewra_plugins.file_names.service.video import guess

    parts = take_apart(path, ())
    try:
        fields = guess(parts, folders=True)
    except FileNameError as error:
        fields = {"comment": str(error)}
    vocabulary.check(fields)
