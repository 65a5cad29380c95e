"""The record of Dolby Vision, in what has been read of a file."""

import pytest
from viewra_plugins.media_info.service.dolby_vision import profile
from viewra_plugins.media_info.service.source import Source


class Seen(Source):
    def __init__(self, content: bytes) -> None:
        self.content = content

    def seen(self) -> bytes:
        return self.content


def record(number: int, compatible: int, reserved: int = 0) -> bytes:
    return bytes([1, 0, number << 1, 0x35, compatible << 4]) + bytes([reserved]) + bytes(18)


MATROSKA = b"\x41\xe4\xa2\x41\xe7\x84dvcC\x41\xed\x98"


@pytest.mark.parametrize(
    ("codec", "content", "answer"),
    [
        ("hevc", b"\0\0\0\x20dvcC" + record(5, 0), "5"),
        ("hevc", b"..\0\0\0\x20dvvC" + record(8, 4), "8.4"),
        ("av1", MATROSKA + record(10, 1), "10.1"),
        ("hevc", MATROSKA + record(7, 6), "7.6"),
        ("mpeg2video", b"\0\0\0\x20dvcC" + record(5, 0), ""),
        ("hevc", b"\0\0\0\x20dvcC" + record(5, 0, reserved=1), ""),
        ("hevc", b"\0\0\0\x20dvcC" + record(0, 1), ""),
        ("hevc", b"\0\0\0\x20dvcC" + record(5, 0)[:20], ""),
        ("hevc", b"dvcC" + record(5, 0), ""),
    ],
)
def test_profile(codec: str, content: bytes, answer: str) -> None:
    assert profile(codec, Seen(content)) == answer
