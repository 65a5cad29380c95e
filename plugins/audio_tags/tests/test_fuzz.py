"""Damaged copies of every sample give fields or the plugin's own error, never anything else, and with bounded work."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from viewra_plugins.audio_tags.service import AudioFileError, source
from viewra_plugins.audio_tags.service.reader import read

from tests.audio import odd
from tests.thorough import THOROUGH
from tests.vocabulary import check

READS = 6000
"""Reads that a file of the size of these may cost: looking for an MPEG frame alone takes 3 for each of 1,500 places."""

damage = st.lists(
    st.tuples(
        st.integers(0, 20_000),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\x7f\x7f\x7f", b"\x80\0\0\0", b"\0\0\0\1"]),
        ),
    ),
    min_size=1,
    max_size=6,
)
bounded = settings(
    max_examples=25 if THOROUGH else 8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

MADE = {
    "odd.wav": odd.wav(odd.wav_format(2, extra=b"\xf4\1"), bytes(512), odd.chunk(b"fact", b"\xe8\3\0\0")),
    "odd.rf64": odd.rf64(odd.wav_format(), bytes(512)),
    "odd.w64": odd.w64(odd.wav_format(), bytes(512)),
    "odd.aifc": odd.aiff(b"ima4", bytes(340), odd.chunk(b"NAME", b"a", order=">"), frames=10),
    "odd.mp3": odd.xing_frame(9, 3762) + odd.mp3_frames(9, 5, 9, 5, 9),
    "odd.aac": odd.adts_frames(9),
    "odd.wv": odd.wavpack_block(100, 200, metadata=b"\x0d\1\6\0") + odd.wavpack_block(100, 200, index=100),
    "odd.tta": odd.tta(8000, 20_000) + odd.ape_tag((b"Title", 0, b"a\0b")),
    "odd.flac": odd.flac((4, odd.comments(b"TITLE=a"))),
    "odd.ogg": b"".join(odd.vorbis_pages(7, b"TITLE=a")),
    "odd.m4a": odd.mp4(odd.entry(b"mp4a", odd.esds(b"\x12\x08")), odd.ilst(odd.free_item(b"LABEL", b"a")), chunks=4),
    "odd.mp4": odd.mp4(odd.entry(b"mp4a"), fragments=((3, 0), (3, 100))),
}
"""Files of kinds that the samples have none of."""


def attempt(path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read ``content``, counting the reads, and hold what comes of it to the vocabulary."""
    path.write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setattr(source, "MAX_READS", READS)
        try:
            found = read(str(path))
        except AudioFileError as error:
            found = {"warning": str(error)}  # it goes over the wire as values do
    check(found)
    assert "in too many parts" not in found.get("warning", "")


@bounded
@given(changes=damage, end=st.integers(0, 20_000) | st.none())
def test_damaged_samples(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: list[tuple[int, bytes]], end: int | None
) -> None:
    attempt(tmp_path / sample.name, damaged(sample.read_bytes(), changes, end), monkeypatch)


@pytest.mark.parametrize("name", MADE)
@bounded
@given(changes=damage, end=st.integers(0, 4000) | st.none())
def test_damaged_files_of_other_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, changes: list[tuple[int, bytes]], end: int | None
) -> None:
    attempt(tmp_path / name, damaged(MADE[name], changes, end), monkeypatch)


@bounded
@given(
    head=st.sampled_from([
        b"ID3\x03\0\0\0\0\0\x40", b"fLaC\0\0\0\x22", b"OggS\0\2", b"\0\0\0\x20ftypM4A ", b"RIFF\0\0\0\0WAVEfmt ",
        b"FORM\0\0\0\0AIFFCOMM", b"MAC \x96\x0f", b"wvpk", b"MPCKSH", b"MP+\7", b"DSD \x1c", b"TTA1", b"\xff\xfb\x90",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), b"\xff\xf1", b"ADIF",
    ]),
    rest=st.binary(max_size=400),
)  # fmt: skip
def test_arbitrary_bytes_behind_every_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, rest: bytes
) -> None:
    attempt(tmp_path / "file", head + rest, monkeypatch)


def damaged(content: bytes, changes: list[tuple[int, bytes]], end: int | None) -> bytes:
    """Return ``content`` with bytes put in place of others, and cut off."""
    changed = bytearray(content)
    for offset, new in changes:
        at = offset % len(changed)
        changed[at : at + len(new)] = new
    return bytes(changed[:end])
