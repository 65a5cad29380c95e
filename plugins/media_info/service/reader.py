"""Reads one file: opens it with libav, and combines the fields of its container and its streams."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import av
import av.logging

from viewra.types.values import Value

from . import audio, extras, video, wavpack
from .formats import DEMUXERS, container_name
from .limits import Limits
from .source import MediaFileError, Source, open_source
from .texts import clean, several
from .timing import START, timing

OPTIONS = {
    "format_whitelist": ",".join(sorted(DEMUXERS)),
    "protocol_whitelist": "none",  # never open other files that a file refers to
}
SHORT_LOOK = {"probesize": "10000"}
"""For WAV: libav would search up to 5 MB of samples for DTS, which takes 50 ms and hardly ever finds any."""

_OPEN: Any = av.open if int(av.__version__.split(".")[0]) > 18 else partial(av.open, metadata_errors="replace")
"""PyAV 18 fails at tags that are not UTF-8 unless told otherwise; 19 leaves surrogates, which ``clean`` replaces."""

av.logging.set_level(av.logging.WARNING)
av.logging.set_skip_repeated(False)  # otherwise libav drops a warning that the previous file gave, too
logging.getLogger("libav").addHandler(logging.NullHandler())  # discard all messages that are not captured below
logging.getLogger("libav").propagate = False


def read(path: str, limits: Limits) -> dict[str, Value]:
    """Return all known fields of the media file at ``path``.

    Raises only ``MediaFileError``, for any defect of the file.
    """
    with open_source(path, limits) as source:
        if source.at(0, 4) == b"ADIF":  # nothing is wrong with such a file, but libav has no demuxer for it
            return {}
        try:
            with _opened(source) as (container, warnings):
                return _fields(container, source, warnings, limits)
        except MediaFileError:
            raise
        except Exception as error:
            # A parser of arbitrary bytes fails in arbitrary ways: all of them mean a damaged file.
            raise MediaFileError(f"not a readable media file: {_reason(error)}") from error


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, str]]:
    """The open container, and libav's warnings on the way there."""
    head = source.at(0, 4)
    options = OPTIONS | (SHORT_LOOK if head in {b"RIFF", b"RF64", b"riff"} else {})
    with av.logging.Capture() as logs:
        container = _OPEN(source, "r", options=options)
    try:
        yield container, "".join(text for _, _, text in logs)
    finally:
        container.close()


def _fields(container: Any, source: Source, warnings: str, limits: Limits) -> dict[str, Value]:
    pictures = [stream for stream in container.streams.video if extras.is_picture(stream)]
    videos = [stream for stream in container.streams.video if stream not in pictures]
    sounds = list(container.streams.audio)
    if not sounds and (not videos or container.format.name == "iff"):  # IFF has pictures, too
        raise MediaFileError("not a readable media file: it has no audio or video stream")
    name = container_name(container.format.name, container.metadata.get("major_brand", ""), source.at(0, 64))
    fields: dict[str, Value] = {"container": name}
    main = audio.main_stream(sounds)
    time = timing(container, source, warnings, limits, videos, main)
    if time.seconds:
        fields["duration"] = f"{time.seconds:.3f}"
    if time.warning:
        fields["warning"] = time.warning
    if main is not None:
        is_wavpack = container.format.name == "wv"
        facts = audio.fields(
            main, wavpack.sound(source, max(source.at(0, START).find(b"wvpk"), 0)) if is_wavpack else None
        )
        in_fragments = container.format.name.startswith("mov,") and not main.frames  # libav counts the first of them
        if "bitrate" in facts and (in_fragments or not audio.is_possible(facts, source.size, time.seconds)):
            del facts["bitrate"]
        fields |= facts
        is_mpeg = facts["codec"] in audio.MPEG
        needs_bitrate = time.counted_bytes or not (videos or in_fragments or "bitrate" in fields)
        first = audio.first_packet(container, main) if (is_mpeg and not time.head) or needs_bitrate else None
        if is_mpeg:
            fields |= audio.mpeg_channels(time.head or bytes(first or b"")[:4])
        if needs_bitrate:
            fields |= audio.average(first, source.size, time)
    if videos:
        fields |= video.fields(container, videos[0], source)
        if time.seconds:
            fields |= video.bitrate("overall_bitrate", source.size * 8 / time.seconds)
        if title := clean(container.metadata.get("title", "")):
            fields["title"] = title
    fields |= several(extras.lists(container, pictures))
    return fields


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.InvalidDataError):
        return "libav knows no format that begins like this, or its headers are damaged"
    if isinstance(error, av.error.EOFError):
        return "it ends too early"
    if isinstance(error, MemoryError):
        return "its headers ask for more memory than there is"
    if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError):
        return error.strerror or "the system cannot read it"
    return "its headers are damaged, or of a kind that libav does not read"
