"""The plugin ``musicbrainz_enricher`` as people use it: enabled on the command line, corrected in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.browsing import PASSWORD, Look, browsing, looking, needs_chromium, serving
from tests.e2e.conftest import MUSIC, Viewra
from tests.eventually import eventually
from tests.musicbrainz import Service, artist, credit, mbid, online, recording

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

SATIE = artist("Erik Satie", "Esoterik Satie")
IN_TAGS = "4899717b-2f78-5fcb-beac-133f981b3d23"
SONGS = MUSIC / "Erik Satie"
DOULOUREUX = SONGS / "Gymnopédies" / "1 Lent et douloureux.wv"
TRISTE = SONGS / "Gymnopédies" / "2 Lent et triste.mpc"
OTHER = recording("Gnossienne no. 1", credit(SATIE), isrcs=["FRZZZ9300001"])


@needs_chromium
def test_music_is_enriched_found_and_corrected(viewra: Viewra, data_dir: Path, tmp_path: Path) -> None:
    service = Service(
        [OTHER, {**recording("Lent et douloureux", credit(SATIE)), "id": IN_TAGS, "isrcs": ["FRZZZ8800001"]}]
    )
    plugins = tmp_path / "plugins"
    with online(service, plugins) as url:
        addresses = [f"api.{name}_url={url}" for name in ("musicbrainz", "acoustid", "coverart")]
        own = ("--plugins", plugins)
        assert viewra(*own, "plugins", "settings", "musicbrainz_enricher", *addresses).status == 0
        assert viewra(*own, "plugins", "enable", "musicbrainz_enricher", "--grant-requested").status == 0
        assert viewra(*own, "scan", SONGS).status == 0
        assert viewra(*own, "tasks", "run").status == 0
        said = viewra(*own, "show", DOULOUREUX, "--json").data["metadata"]
        assert (said["isrc"]["value"], said["isrc"]["plugin"]) == ("FRZZZ8800001", "musicbrainz_enricher")
        assert (said["title"]["plugin"], said["title"]["others"][0]["plugin"]) == ("audio_tags", "musicbrainz_enricher")
        (hit,) = viewra(*own, "search", "esoterik", "--json").data["results"]
        assert (hit["path"], hit["source"]) == (str(DOULOUREUX), "musicbrainz_enricher")
        asked = len(service.asked)
        with (
            browsing() as browser,
            serving(data_dir, *own) as served,
            looking(browser, served.base, color_scheme="dark") as look,
        ):
            corrected(look, served.link)
        song = viewra(*own, "show", TRISTE, "--json").data["metadata"]
        assert song["isrc"]["value"] == "FRZZZ9300001"
        assert [one.partition("?")[0] for one in service.asked[asked:]] == [f"/ws/2/recording/{mbid(OTHER['title'])}"]


def corrected(look: Look, link: str) -> None:
    """Sign in, and say which recording a file is, by the keyboard alone; then look at it in light, too."""
    look.go(link)
    look.page.get_by_label("Password").fill(PASSWORD)
    look.page.get_by_label("Once more").fill(PASSWORD)
    look.press("Set the password")
    look.go("/admin/plugins/musicbrainz_enricher/")
    inside = look.page.frame_locator("iframe.plugin-page")
    inside.get_by_text("1 of 3 files were found").wait_for()
    look.shot("musicbrainz-dark")
    inside.get_by_role("link", name=TRISTE.name).press("Enter")
    inside.get_by_label("Id or address of the recording on MusicBrainz").press_sequentially(mbid(OTHER["title"]))
    look.page.keyboard.press("Tab")
    look.page.keyboard.press("Enter")

    def shows(text: str) -> bool:
        look.go("/admin/plugins/musicbrainz_enricher/")
        inside.get_by_role("link", name=TRISTE.name).wait_for()
        return inside.get_by_text(text).count() > 0

    inside.get_by_role("heading", name=TRISTE.name).wait_for()
    eventually(lambda: shows("2 of 3 files were found"), "it is fetched")
    look.page.emulate_media(color_scheme="light")
    colours = look.page.frames[1].evaluate("[getComputedStyle(document.body).backgroundColor, innerWidth]")
    assert colours[0] == "rgb(255, 255, 255)"
    look.shot("musicbrainz-light")
    assert look.complaints == []
