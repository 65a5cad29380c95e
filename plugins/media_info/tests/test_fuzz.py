"""Damaged copies of every sample give fields or the plugin's own error, never anything else, and soon."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from viewra_plugins.media_info.service import MediaFileError
from viewra_plugins.media_info.service.limits import Limits
from viewra_plugins.media_info.service.reader import read

from tests import vocabulary

damage = st.lists(
    st.tuples(
        st.integers(0, 30_000),
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
        fields = read(str(path), Limits(seconds=5))
    except MediaFileError as error:
        fields = {"comment": str(error)}  # it goes over the wire as values do
    vocabulary.check(fields)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=damage, end=st.integers(0, 30_000) | st.none())
def test_damaged_samples(sample: Path, tmp_path: Path, changes: list[tuple[int, bytes]], end: int | None) -> None:
    content = bytearray(sample.read_bytes())
    for offset, new in changes:
        at = offset % len(content)
        content[at : at + len(new)] = new
    check(tmp_path / sample.name, bytes(content[:end]))
