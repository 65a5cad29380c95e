"""Reads MP4 files and their relatives (M4A, M4B, MOV, 3GP): the first audio track, and the tags."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from . import atoms, frames, mp4_codec, mp4_tags
from .atoms import Atom
from .facts import Facts
from .mp4_time import first_chunk, fragments, held_ticks, last_chunk_begins, whole_ticks
from .source import AudioFileError, Source


@dataclass
class Track:
    """An audio track: its number, the ticks in a second, its length in ticks, and its sample table."""

    number: int
    timescale: int
    ticks: int
    table: Atom


def read(facts: Facts) -> None:
    """Read an MP4 file; of a film without sound, the tags.

    Raises ``AudioFileError`` when it has neither, or an audio track that cannot be understood.
    """
    source = facts.source
    movie: Atom | None = None
    moofs: list[Atom] = []
    data = 0
    cut = False
    for atom in atoms.walk(source, facts.start, source.size):
        if atom.name == b"moov" and movie is None:
            movie = atom
        elif atom.name == b"moof":
            moofs.append(atom)
        elif atom.name == b"mdat":
            data += min(atom.end, source.size) - atom.offset
        cut = cut or atom.end > source.size
    if movie is None:
        raise AudioFileError(
            "truncated: it ends before it says what it holds" if cut else "it does not say what it holds"
        )
    track = _audio_track(source, movie)
    if track is None and movie.end <= source.size and _has_pictures(source, movie):
        facts.silent = True
        facts.attempt("its tag", mp4_tags.read, facts, movie)
        return
    if track is None:
        if movie.end > source.size:
            raise AudioFileError("truncated: it ends before it says what it holds")
        raise AudioFileError("it holds no audio")
    entry = atoms.find(source, track.table, b"stsd")
    if entry is None:
        raise AudioFileError("its audio track has no description")
    mp4_codec.read(facts, atoms.content(source, entry, 1 << 16))
    if facts.codec == "mp3":
        _correct_mpeg(facts, track.table)
    facts.audio_bytes = None if data and _has_pictures(source, movie) else data
    _set_seconds(facts, movie, track, moofs, cut)
    if cut and not facts.warnings:
        facts.warn("the file is cut off behind its audio")
    facts.attempt("its tag", mp4_tags.read, facts, movie)


def _correct_mpeg(facts: Facts, table: Atom) -> None:
    """Use the header of the first frame of MPEG audio, because the sample description always states two channels."""
    offset = first_chunk(facts.source, table)
    frame = frames.mpeg(facts.source.at(offset, 4), 0) if offset else None
    if frame:
        facts.channels, facts.sample_rate = frame.channels, frame.kind[2]


def _has_pictures(source: Source, movie: Atom) -> bool:
    """Whether there is a video track, so that the file is whole although it has no sound."""
    return any(_handler(source, trak) == b"vide" for trak in atoms.inside(source, movie) if trak.name == b"trak")


def _handler(source: Source, trak: Atom) -> bytes:
    handler = atoms.find(source, trak, b"mdia", b"hdlr")
    return source.at(handler.offset + 8, 4) if handler else b""


def _audio_track(source: Source, movie: Atom) -> Track | None:
    for trak in (atom for atom in atoms.inside(source, movie) if atom.name == b"trak"):
        media = atoms.find(source, trak, b"mdia")
        if media is None or _handler(source, trak) != b"soun":
            continue
        header = atoms.find(source, media, b"mdhd")
        table = atoms.find(source, media, b"minf", b"stbl")
        if header is None or table is None:
            continue
        data = atoms.content(source, header, 36)
        timescale, ticks = struct.unpack_from(">IQ", data, 20) if data[0] == 1 else struct.unpack_from(">II", data, 12)
        unknown = (1 << 64) - 1 if data[0] == 1 else (1 << 32) - 1
        track = atoms.find(source, trak, b"tkhd")
        head = atoms.content(source, track, 24) if track else b""
        number = int.from_bytes(head[20:24] if head[:1] == b"\1" else head[12:16], "big")
        return Track(number, timescale, 0 if ticks == unknown else ticks, table)
    return None


def _set_seconds(facts: Facts, movie: Atom, track: Track, moofs: list[Atom], cut: bool) -> None:
    source = facts.source
    scale = track.timescale
    if not scale:
        return
    if moofs or atoms.find(source, movie, b"mvex"):  # the header of a fragmented file may count fragments or not
        facts.seconds = (whole_ticks(source, track.table) + fragments(source, movie, moofs, track.number)) / scale
        if cut:
            facts.warn("the file ends before all of its audio")
        return
    ticks = track.ticks or whole_ticks(source, track.table)
    held: int | None = ticks
    if facts.audio_bytes == 0:
        held = 0
    elif cut or not last_chunk_begins(source, track.table):
        held = held_ticks(source, track.table)
    if held is not None:
        facts.hold(min(held, ticks) / scale, ticks / scale)
