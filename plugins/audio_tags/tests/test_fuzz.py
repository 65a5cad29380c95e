"""Damaged copies of every sample give fields or the plugin's own error, never anything else, and soon."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from viewra_plugins.audio_tags.service import AudioFileError
from viewra_plugins.audio_tags.service.reader import read
from viewra_plugins.audio_tags.service.vocabulary import FIELDS, STREAM_FIELDS

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


def check(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        fields = read(str(path))
    except AudioFileError as error:
        fields = {"comment": str(error)}  # it goes over the wire as values do
    assert set(fields) <= FIELDS | STREAM_FIELDS
    assert all(value.encode() for value in fields.values())


@settings(max_examples=60, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=damage, end=st.integers(0, 20_000) | st.none())
def test_damaged_samples(sample, tmp_path, changes, end):
    content = bytearray(sample.read_bytes())
    for offset, new in changes:
        at = offset % len(content)
        content[at : at + len(new)] = new
    check(tmp_path / sample.name, bytes(content[:end]))


@settings(max_examples=60, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from([
        b"ID3\x03\0\0\0\0\0\x40", b"fLaC\0\0\0\x22", b"OggS\0\2", b"\0\0\0\x20ftypM4A ", b"RIFF\0\0\0\0WAVEfmt ",
        b"FORM\0\0\0\0AIFFCOMM", b"MAC \x96\x0f", b"wvpk", b"MPCKSH", b"MP+\7", b"DSD \x1c", b"TTA1", b"\xff\xfb\x90",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), b"\xff\xf1",
    ]),
    rest=st.binary(max_size=400),
)  # fmt: skip
def test_arbitrary_bytes_behind_every_signature(tmp_path, head, rest):
    check(tmp_path / "file", head + rest)
