"""Reads a file's languages, chapters, attachments and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from av.stream import Disposition

from viewra.types.languages import language

from .codecs import name_of
from .texts import clean

PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


def is_picture(stream: Any) -> bool:
    """Whether a video stream is no film but a cover or a thumbnail."""
    return bool(stream.disposition & PICTURES)


def lists(container: Any, pictures: Sequence[Any]) -> dict[str, list[str]]:
    """Return the fields that are lists, some of them empty."""
    sounds, texts = container.streams.audio, container.streams.subtitles
    names = [stream.metadata.get("filename", "") for stream in (*container.streams.attachments, *pictures)]
    return {
        "audio_codecs": [_codec(stream) for stream in sounds] if len(sounds) > 1 else [],
        "audio_languages": _languages(sounds),
        "subtitle_codecs": [_codec(stream) for stream in texts],
        "subtitle_languages": _languages(texts),
        "forced_subtitle_languages": _languages([text for text in texts if text.disposition & Disposition.forced]),
        "chapters": _chapters(container.chapters()),
        "attachments": [clean(name) for name in names],
        "has_picture": ["true"] if pictures else [],
    }


def _codec(stream: Any) -> str:
    context = stream.codec_context
    return name_of(context.codec.canonical_name) if context is not None else ""


def _languages(streams: Sequence[Any]) -> list[str]:
    return [language(stream.language or "") for stream in streams]


def _chapters(chapters: Sequence[Any]) -> list[str]:
    """Each chapter's start in seconds and its title, where it has one."""
    found = []
    for chapter in chapters:
        base = chapter["time_base"]
        if base and chapter["start"] >= 0:
            title = clean(chapter["metadata"].get("title", ""))
            found.append(f"{float(chapter['start'] * base):.3f} {title}".strip())
    return found
