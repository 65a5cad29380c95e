"""Detects a media file's type by its first bytes, if its name is ambiguous.

The signatures are from the formats' specifications: ISO/IEC 13818-1 (transport and program streams), RFC 3533 (Ogg) and
the codecs' mappings to it, Microsoft's ASF specification, and the documents of tracker formats.
"""

from __future__ import annotations

import re

_TS_SYNC = 0x47
_TS_SIZES = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet, and the position of its sync byte: plain, Blu-ray with a leading time, with parity."""

_TS_PACKETS = 8
"""Sync bytes in a row that text does not have by chance; fewer if the file is shorter."""

_OGG_CODECS = (
    (b"\x80theora", "video/ogg"),
    (b"BBCD\0", "video/ogg"),
    (b"\x01video\0\0\0", "video/ogg"),
    (b"\x4fVP80\x01", "video/ogg"),
    (b"OpusHead", "audio/opus"),
    (b"Speex   ", "audio/x-speex"),
)
"""How the first packet of a stream begins; a file with video counts as video."""

_SIGNATURES = (
    (0, b".RMF", "application/vnd.rn-realmedia"),
    (0, b".ra\xfd", "audio/x-realaudio"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "video/x-ms-asf"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"AV\x01", "video/x-pva"),
    (0, b"IMPM", "audio/x-it"),
    (0, b"PSID", "audio/x-sid"),
    (0, b"RSID", "audio/x-sid"),
    (0, b"MMD", "audio/x-med"),
    (0, b"FAR\xfe", "audio/x-far"),
    (0, b"if \x00", "audio/x-669"),
    (20, b"!Scream!", "audio/x-stm"),
    (0, b"# VobSub index file", "text/x-vobsub-index"),
    (3, b"STL25.01", "application/x-ebu-stl"),
    (3, b"STL30.01", "application/x-ebu-stl"),
)
_TRACKERS = frozenset({b"M.K.", b"M!K!", b"FLT4", b"FLT8", b"4CHN", b"6CHN", b"8CHN", b"OCTA", b"CD81"})
_TRACKER_PLACE = 1080
_MICRODVD = re.compile(rb"(?:\xef\xbb\xbf)?\{\d+\}\{\d+\}")
_CUE_SHEET = re.compile(
    rb"(?:^|[\r\n])(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[ \t]*"  # a byte order mark, if it is the first line
    rb"FILE[ \t]+\S[^\r\n]*[ \t][A-Z0-9]+[ \t]*[\r\n]",
    re.IGNORECASE,
)
"""The command that each cue sheet has, before its tracks."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_REAL_LINK = re.compile(rb"(?:rtsp|pnm|https?)://\S+\.(?:rm|ra|rmvb)\b", re.IGNORECASE)


def by_content(head: bytes) -> str:
    """The MIME type by a file's beginning, ``""`` if unknown."""
    if head.startswith(b"OggS"):
        return _in_ogg(head)
    for place, signature, kind in _SIGNATURES:
        if head.startswith(signature, place):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"CDXA":
        return "video/x-vcd"
    if head[_TRACKER_PLACE : _TRACKER_PLACE + 4] in _TRACKERS:
        return "audio/x-mod"
    if _is_transport_stream(head):
        return "video/mp2t"
    if _MICRODVD.match(head):
        return "text/x-microdvd"
    if _CUE_SHEET.search(head.replace(b"\0", b"") if head[:2] in _UTF_16 else head):
        return "application/x-cue"
    return "audio/x-pn-realaudio" if _REAL_LINK.match(head) else ""


def _in_ogg(head: bytes) -> str:
    kinds = {kind for start, kind in _OGG_CODECS if start in head}
    if "video/ogg" in kinds:
        return "video/ogg"
    return kinds.pop() if len(kinds) == 1 else "audio/ogg"


def _is_transport_stream(head: bytes) -> bool:
    """Whether sync bytes are at the distance of packets; the first packet may be incomplete."""
    for size, offset in _TS_SIZES:
        packets = min(_TS_PACKETS, len(head) // size)
        if packets < 2:
            continue
        for start in range(offset, min(size + offset, len(head) - size * (packets - 1))):
            if all(head[start + size * number] == _TS_SYNC for number in range(packets)):
                return True
    return False
