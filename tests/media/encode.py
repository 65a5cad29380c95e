"""Encodes the media samples with PyAV: moving test pictures and sine tones, a second or so of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av


@dataclass(frozen=True)
class Video:
    """A video stream: ``codec`` is libav's encoder; ``options`` go to it, ``attributes`` are set on its context."""

    codec: str
    size: tuple[int, int] = (64, 36)
    rate: Fraction = Fraction(25)
    pix_fmt: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    pauses: bool = False
    """Frames at uneven distances: the stream has no frame rate."""


@dataclass(frozen=True)
class Audio:
    """An audio stream; ``layout`` as libav names it."""

    codec: str
    layout: str = "stereo"
    rate: int = 48_000
    sample_format: str = ""
    language: str = ""
    bitrate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subtitle:
    """A subtitle stream with one line of text."""

    codec: str = "subrip"
    language: str = ""
    forced: bool = False


@dataclass(frozen=True)
class Clip:
    """What a file is made of. ``chapters`` are titles, evenly spread; ``seconds`` is the length of every stream."""

    name: str
    video: Video | None = None
    audio: Sequence[Audio] = ()
    subtitles: Sequence[Subtitle] = ()
    chapters: Sequence[str] = ()
    attachments: Sequence[tuple[str, str, bytes]] = ()
    cover: bytes = b""
    metadata: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    muxer: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def make(clip: Clip, folder: Path) -> Path:
    """Write the clip into ``folder`` and return its path."""
    path = folder / clip.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=clip.muxer, options={"fflags": "+bitexact"} | dict(clip.options)) as out:
        out.metadata.update(clip.metadata)
        sources = []
        if clip.video is not None:
            sources.append(_video(out, clip.video, clip.seconds))
        sources += [_audio(out, audio, clip.seconds) for audio in clip.audio]
        texts = [_subtitle(out, subtitle) for subtitle in clip.subtitles]
        for name, mimetype, data in clip.attachments:
            out.add_attachment(name, mimetype, data)
        picture = _cover(out) if clip.cover else None
        if clip.chapters:
            out.set_chapters(_chapters(clip.chapters, clip.seconds))
        if picture is not None:
            packet = av.Packet(clip.cover)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = picture, 0, 0, True
            out.mux(packet)
        for stream, text in texts:
            packet = av.Packet(text)
            packet.stream, packet.pts, packet.dts, packet.duration = stream, 100, 100, 500
            packet.time_base = Fraction(1, 1000)
            out.mux(packet)
        for packets in _interleaved(sources):
            out.mux(packets)
    return path


def _interleaved(sources: list[Any]) -> Any:
    """The packets of all streams, a little of each in turn."""
    while sources:
        for source in list(sources):
            try:
                yield next(source)
            except StopIteration:
                sources.remove(source)


def _video(out: Any, video: Video, seconds: float) -> Any:
    stream = out.add_stream(video.codec, rate=video.rate, options=dict(video.options))
    stream.width, stream.height = video.size
    stream.pix_fmt = video.pix_fmt
    for name, value in video.attributes.items():
        setattr(stream.codec_context, name, value)
    if video.pauses:
        stream.codec_context.time_base = Fraction(1, 1000)
    return _pictures(stream, video, seconds)


def _pictures(stream: Any, video: Video, seconds: float) -> Any:
    width, height = video.size
    for number in range(round(seconds * video.rate)):
        rows = bytes((x * 3 + y * 5 + number * 7) % 256 for y in range(height) for x in range(width))
        picture = av.VideoFrame(width, height, "gray")
        plane = picture.planes[0]
        plane.update(b"".join(rows[y * width : (y + 1) * width].ljust(plane.line_size, b"\0") for y in range(height)))
        picture = picture.reformat(format=video.pix_fmt)
        if video.pauses:
            picture.time_base, picture.pts = Fraction(1, 1000), number * 40 + number * number * 2
        else:
            picture.time_base, picture.pts = 1 / video.rate, number
        yield stream.encode(picture)
    yield stream.encode(None)


def _audio(out: Any, audio: Audio, seconds: float) -> Any:
    stream = out.add_stream(audio.codec, rate=audio.rate, layout=audio.layout, options=dict(audio.options))
    if audio.sample_format:
        stream.format = audio.sample_format
    if audio.bitrate:
        stream.bit_rate = audio.bitrate
    if audio.language:
        stream.metadata["language"] = audio.language
    if audio.options.get("strict"):
        stream.codec_context.options = dict(audio.options)
    return _tones(stream, audio, seconds)


def _tones(stream: Any, audio: Audio, seconds: float) -> Any:
    layout = av.AudioLayout(audio.layout)
    resampler = av.AudioResampler(format=stream.format, layout=audio.layout, rate=audio.rate)
    total, at = round(seconds * audio.rate), 0
    fifo = av.AudioFifo()
    step = 1024
    while at < total:
        count = min(step, total - at)
        frame = av.AudioFrame(format="s16", layout=audio.layout, samples=count)
        samples = (
            round(9000 * math.sin(2 * math.pi * 440 * (at + i) / audio.rate)).to_bytes(2, "little", signed=True)
            * layout.nb_channels
            for i in range(count)
        )
        data = b"".join(samples)
        frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = audio.rate, at, Fraction(1, audio.rate)
        at += count
        for converted in resampler.resample(frame):
            fifo.write(converted)
        size = stream.codec_context.frame_size or step
        while (part := fifo.read(size)) is not None:
            yield stream.encode(part)
    rest = fifo.read(0, partial=True)
    if rest is not None:
        yield stream.encode(rest)
    yield stream.encode(None)


def _subtitle(out: Any, subtitle: Subtitle) -> tuple[Any, bytes]:
    stream = out.add_mux_stream(subtitle.codec)
    stream.time_base = Fraction(1, 1000)
    if subtitle.language:
        stream.metadata["language"] = subtitle.language
    if subtitle.forced:
        stream.disposition = av.stream.Disposition.forced
    return stream, b"Guten Morgen"


def _cover(out: Any) -> Any:
    stream = out.add_mux_stream("mjpeg", width=16, height=16)
    stream.disposition = av.stream.Disposition.attached_pic
    return stream


def _chapters(titles: Sequence[str], seconds: float) -> list[Any]:
    step = round(seconds * 1000 / len(titles))
    return [
        {
            "id": number, "start": number * step, "end": (number + 1) * step, "time_base": Fraction(1, 1000),
            "metadata": {"title": title} if title else {},
        }
        for number, title in enumerate(titles)
    ]  # fmt: skip
