"""Damaged copies of every sample give fields or the plugin's own error, never anything else, and soon."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from viewra_plugins.sidecars.service import SidecarError
from viewra_plugins.sidecars.service.formats import ENDINGS
from viewra_plugins.sidecars.service.limits import Limits
from viewra_plugins.sidecars.service.reader import read

from tests import vocabulary
from tests.thorough import THOROUGH
from viewra.types.values import Value

bounded = settings(
    max_examples=15 if THOROUGH else 8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
damage = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.one_of(st.binary(min_size=1, max_size=6), st.sampled_from([b"\n", b'"', b"<", b"["])),
    ),
    min_size=1,
    max_size=6,
)


def check(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        fields = read(str(path), Limits(seconds=5))
    except SidecarError as error:
        fields = {"comment": str(error)}  # it goes over the wire as values do
    vocabulary.check(fields)


@bounded
@given(changes=damage, end=st.integers(0, 900) | st.none())
def test_damaged_samples(sample: Path, tmp_path: Path, changes: list[tuple[int, bytes]], end: int | None) -> None:
    content = bytearray(sample.read_bytes())
    for offset, new in changes:
        at = offset % len(content)
        content[at : at + len(new)] = new
    check(tmp_path / sample.name, bytes(content[:end]))


@pytest.mark.parametrize("ending", ENDINGS)
@bounded
@given(text=st.text(max_size=200))
@example("a" * 50_000)
@example("[" * 20_000)
@example("<a>" * 20_000)
@example("[00:00.00]" * 5_000)
@example("[00:00" * 5_000)
@example('FILE "' + " " * 20_000)
@example("00:00:00,000 --> " * 3_000)
@example("/" * 20_000)
@example("a/" * 10_000 + "x.mp3")
@example("thetvdb.com/" * 4_000)
@example("<movie>" + "<![CDATA[" * 4_000)
@example("<movie>" + "<?xml " * 8_000)
@example("<movie>" + "&#1" * 16_000 + "</movie>")
@example("TRACK 01 AUDIO\nINDEX 01 00:00:00\n" * 11_000)
def test_any_text(tmp_path: Path, ending: str, text: str) -> None:
    check(tmp_path / f"a{ending}", text.encode())


def test_a_copy_beside_nothing_still_gives_what_it_says(
    sample: Path, expected: dict[str, Value], tmp_path: Path
) -> None:
    shutil.copyfile(sample, tmp_path / sample.name)
    alone = read(str(tmp_path / sample.name), Limits())
    beside = {"belongs_to", "cue_files", "unresolved", "playlist_entries", "cover_of", "cover_type"}
    assert {name: value for name, value in alone.items() if name not in beside} == {
        name: value for name, value in expected.items() if name not in beside
    }
