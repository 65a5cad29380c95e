"""The pictures of every format, and of damaged files."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen import flac
from viewra_plugins.audio_tags.service import AudioFileError, AudioTags
from viewra_plugins.audio_tags.service.pictures import find

from tests.audio.samples import SAMPLES, Sample
from tests.audio.tagging import png
from viewra.testing import FakeHostServices, check_artwork, loopback

MUSIC = Path(__file__).parents[3] / "examples" / "music"


@pytest.mark.parametrize("made", SAMPLES, ids=lambda made: made.path.name)
def test_each_format(made: Sample) -> None:
    assert find(str(MUSIC / made.path)) == ([("front", png())] if made.picture else [])


def test_kinds_fronts_first_each_once(tmp_path: Path) -> None:
    sample = next(one for one in SAMPLES if one.path.suffix == ".flac")
    path = tmp_path / "a.flac"
    path.write_bytes((MUSIC / sample.path).read_bytes())
    file = flac.FLAC(path)
    file.clear_pictures()
    for kind, data in ((4, b"back"), (7, b"band"), (3, b"front"), (3, b"front"), (5, b"\0\0")):
        picture = flac.Picture()
        picture.type, picture.data = kind, data
        file.add_picture(picture)
    file.save()
    assert find(str(path)) == [("front", b"front"), ("back", b"back"), ("artist", b"band")]


@given(data=st.data())
def test_a_damaged_file_is_an_error_or_has_no_picture(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    sample = data.draw(st.sampled_from([one for one in SAMPLES if one.picture]))
    content = bytearray((MUSIC / sample.path).read_bytes())
    for place in data.draw(st.lists(st.integers(0, min(len(content), 4000) - 1), min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"damaged{sample.path.suffix}"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(AudioFileError):
        find(str(path))


def test_the_plugin_stores_them() -> None:
    host = FakeHostServices()
    sample = next(one for one in SAMPLES if one.picture)
    with loopback(AudioTags(), host=host) as plugin:
        check_artwork(plugin, file=MUSIC / sample.path)
        (found,) = plugin.artwork.find_pictures(str(MUSIC / sample.path))
    assert host.assets_store.stored[found.asset_id] == png()
