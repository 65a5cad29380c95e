"""The vocabulary's own rules: every example has its form, and what breaks a form is noticed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from viewra_plugins.audio_tags.service import AudioTags
from viewra_plugins.file_names.service import FileNames
from viewra_plugins.image_info.service import ImageInfo
from viewra_plugins.media_info.service import MediaInfo
from viewra_plugins.sidecars.service import Sidecars

from tests.vocabulary import bounds, check, faults, fields, forms
from viewra.errors import PluginError
from viewra.library import descriptions
from viewra.library.merge import Priorities, Reading, merge
from viewra.manifest import load
from viewra.services import Implementation
from viewra.testing import in_process
from viewra.types.values import Value

ROOT = Path(__file__).resolve().parents[2]


def test_every_example_has_the_form_of_its_field() -> None:
    assert fields()
    assert {name: field.example for name, field in fields().items() if faults({name: field.example})} == {}


def test_every_form_is_used() -> None:
    assert {field.form for field in fields().values()} == set(forms())


def test_every_bound_is_of_a_field() -> None:
    assert bounds().keys() <= fields().keys()
    assert all(least < most for least, most in bounds().values())


@pytest.mark.parametrize(
    "metadata",
    [
        {"unknown_field": "x"},
        {"title": ""},
        {"title": " x"},
        {"title": "two\nlines"},
        {"title": []},
        {"artist": ["a", "a"]},
        {"date": "2001-13"},
        {"date": ["2001", "2002"]},
        {"bpm": "128.0"},
        {"duration": "99999999.000"},
        {"focal_length_35mm": "11113"},
        {"latitude": "-90.000001"},
        {"channels": "1025"},
        {"replaygain_track_gain": "-6.48"},
        {"musicbrainz_albumid": "x; y"},
    ],
)
def test_what_breaks_the_vocabulary_is_noticed(metadata: dict[str, Value]) -> None:
    with pytest.raises(AssertionError):
        check(metadata)


def test_several_values_are_a_list_or_joined_text() -> None:
    ids = [fields()["musicbrainz_artistid"].example, fields()["acoustid_id"].example]
    check({"musicbrainz_artistid": ids})
    check({"musicbrainz_artistid": "; ".join(ids)})


SHIPPED: dict[str, tuple[Callable[[], Implementation], dict[str, object]]] = {
    "audio_tags": (AudioTags, {"legacy_encoding": ""}),
    "file_names": (FileNames, {"video": True, "music": True, "folders": True, "general_folders": []}),
    "image_info": (ImageInfo, {"max_megapixels": 1000, "max_exif_kb": 1024, "gps": True}),
    "media_info": (MediaInfo, {"max_scan_mb": 64, "max_seconds": 10}),
    "sidecars": (
        Sidecars,
        {"max_file_kb": 4096, "max_entries": 1000, "legacy_encoding": "windows-1252", "roots": []},
    ),
}
GOOD = ("examples", "tests/media/samples")


def test_every_plugin_that_reads_files_is_here() -> None:
    manifests = (ROOT / "plugins").glob("*/plugin.cue")
    scrapers = {path.parent.name for path in manifests if "metadata_scraper: true" in path.read_text(encoding="utf-8")}
    assert scrapers == {*SHIPPED, "musicbrainz_enricher"}, "that one reads no file: it gives what it has stored"


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damaged pictures
@pytest.mark.parametrize("plugin_id", SHIPPED)
def test_every_shipped_plugin_keeps_to_it_over_all_sample_files(plugin_id: str) -> None:
    kind, settings = SHIPPED[plugin_id]
    count = 0
    with in_process(kind(), settings=settings) as plugin:
        scraper = plugin.metadata_scraper
        assert scraper is not None
        for path in sorted(path for folder in GOOD for path in (ROOT / folder).rglob("*") if path.is_file()):
            if path.name == "plugin.cue" or not scraper.can_handle(str(path), ""):  # no cue sheet, says its content
                continue
            try:
                check(scraper.extract_metadata(str(path)))
            except PluginError as error:
                refused = (plugin_id, path.suffix, "it holds no audio" in str(error))
                assert refused == ("audio_tags", ".mp4", True), path
            count += 1
    assert count >= 15


def test_what_tells_of_an_nfo_file_itself_is_not_passed_on_to_films() -> None:
    with in_process(Sidecars(), settings=SHIPPED["sidecars"][1]) as plugin:
        assert plugin.metadata_scraper is not None
        nfos = [plugin.metadata_scraper.extract_metadata(str(path)) for path in (ROOT / "examples").rglob("*.nfo")]
    said = {name for metadata in nfos for name in metadata if fields()[name].section == "Sidecars"}
    assert len(nfos) > 1
    assert said <= descriptions.OF_THE_FILE <= fields().keys()
    assert descriptions.OF_EACH_EPISODE.keys() | {*descriptions.OF_EACH_EPISODE.values()} <= fields().keys()


def test_there_is_a_picture_if_one_of_two_plugins_sees_one() -> None:
    with in_process(MediaInfo(), settings=SHIPPED["media_info"][1]) as plugin:
        assert plugin.metadata_scraper is not None
        song = next((ROOT / "examples/music/Johann Sebastian Bach").rglob("*.oga"))
        assert "has_picture" not in plugin.metadata_scraper.extract_metadata(str(song)), (
            "it never says that there is none"
        )
    stated = {
        name: load(ROOT / "plugins" / name).priority.get("has_picture", 0) for name in ("audio_tags", "media_info")
    }
    for read_at in (1, 3):
        sees, does_not = {"has_picture": "true"}, {"has_picture": "false"}
        readings = [Reading("audio_tags", 2, does_not), Reading("media_info", read_at, sees)]
        assert merge(readings, Priorities(stated={"has_picture": stated}))["has_picture"].value == "true"
