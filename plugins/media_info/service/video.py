"""Reads the properties of the main video stream. Units: docs/vocabulary.md."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from av.error import FFmpegError

from viewra.types.values import Value

from . import dolby_vision
from .codecs import name_of
from .source import MediaFileError, Source
from .texts import several

MAX_SIDE = 65_536
MAX_BITRATE = 9_999_999_999
MIN_RATIO, MAX_RATIO = 0.01, 100
LOOKS = 24
"""Frames whose times are compared with the stated rate; libav has read them anyhow."""

MAX_STRAY = 0.2
"""By how much their rate may differ from it, as frames are not stored in the order of their times."""

MIN_FRAME_RATE, MAX_FRAME_RATE = 0.1, 1000

TRANSFER = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 11: "iec61966-2-4",
    13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
    11: "smpte431", 12: "smpte432",
}  # fmt: skip
MATRIX = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
    10: "bt2020c", 14: "ictcp",
}  # fmt: skip
"""By the code points of ITU-T H.273, with libav's names; 2 means "not said"."""

HDR = {16: "PQ", 18: "HLG"}
PROGRESSIVE, FIELD_ORDERS = 1, (2, 3, 4, 5)


def fields(container: Any, stream: Any, source: Source) -> dict[str, Value]:
    """Return the fields of a video stream of an open container, leaving out what is not known."""
    context = stream.codec_context
    if context is None:
        return {}
    found: dict[str, Value] = {"video_codec": name_of(context.codec.canonical_name)}
    if stream.profile:
        found["video_profile"] = stream.profile
    found |= _picture(context)
    rate = frame_rate(stream)
    if rate and _is_kept(container, stream, float(rate)):
        found["frame_rate"] = f"{float(rate):.3f}".rstrip("0").rstrip(".")
    if context.field_order == PROGRESSIVE:
        found["scan_type"] = "progressive"
    elif context.field_order in FIELD_ORDERS:
        found["scan_type"] = "interlaced"
    for name, table, value in (
        ("color_transfer", TRANSFER, context.color_trc),
        ("color_primaries", PRIMARIES, context.color_primaries),
        ("color_space", MATRIX, context.colorspace),
    ):
        if value in table:
            found[name] = table[value]
    vision = dolby_vision.profile(context.codec.canonical_name, source)
    found |= several({"hdr": ["Dolby Vision" if vision else "", HDR.get(context.color_trc, "")]})
    if vision:
        found["dolby_vision_profile"] = vision
    return found | bitrate("video_bitrate", _bitrate(stream))


def bitrate(name: str, value: float) -> dict[str, Value]:
    """Return a rate in bits a second as the field ``name``, nothing where it is not known or cannot be."""
    return {name: str(round(value))} if 1 <= value <= MAX_BITRATE else {}


def frame_rate(stream: Any) -> Fraction | None:
    """Return the frames per second if all of libav's values agree; None for a variable frame rate.

    ``average_rate`` comes from the container or the packets; ``base_rate`` is the lowest rate that fits all
    timestamps. They agree for a constant rate; for an interlaced stream ``base_rate`` counts fields.
    """
    average: Fraction | None = stream.average_rate
    base: Fraction | None = stream.base_rate
    if not average or not base or not MIN_FRAME_RATE <= average <= MAX_FRAME_RATE:
        return None
    fits = [factor for factor in (1, 2) if abs(base / factor - average) <= average / 500]
    if not fits or (fits == [2] and stream.codec_context.field_order not in FIELD_ORDERS):
        return None
    exact = base / fits[0]
    return exact if exact.denominator in (1, 1001) else average


def _is_kept(container: Any, stream: Any, rate: float) -> bool:
    """Whether the first frames keep to a rate that a header of Matroska states, which nothing else depends on."""
    if not container.format.name.startswith("matroska"):
        return True
    times: list[float] = []
    try:
        for packet in container.demux(stream):
            if packet.pts is not None:
                times.append(float(packet.pts * packet.time_base))
            if len(times) == LOOKS:
                break
    except (MediaFileError, FFmpegError):  # decide by the frames read so far
        pass
    if len(times) < LOOKS // 2:
        return True
    return abs((max(times) - min(times)) / (len(times) - 1) * rate - 1) < MAX_STRAY


def _picture(context: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    width, height = context.width, context.height
    if 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE:
        found |= {"width": str(width), "height": str(height)}
        sample = context.sample_aspect_ratio
        if sample and MIN_RATIO <= (ratio := float(sample * width / height)) <= MAX_RATIO:
            found["aspect_ratio"] = f"{ratio:.3f}"
    form = context.format
    if form is not None:
        found["pixel_format"] = form.name
        if form.components:
            found["video_bit_depth"] = str(max(part.bits for part in form.components))
    return found


def _bitrate(stream: Any) -> int:
    """The bitrate that the container or the statistics of mkvmerge state, 0 without either."""
    stated = stream.codec_context.bit_rate or 0
    if stated:
        return int(stated)
    for name, text in stream.metadata.items():
        if name == "BPS" or name.startswith("BPS-"):
            return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return 0
