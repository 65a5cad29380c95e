"""Encodes short tunes into real audio files: with Debian's encoders, and by hand where none is packaged (DSF, APE).

It knows nothing of tags: ``tagging.py`` writes them into the files made here.
"""

from __future__ import annotations

import hashlib
import math
import struct
import subprocess
import tempfile
import wave
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

DSD_RATE = 2_822_400
DSD_BLOCK = 4096
"""Bytes of one channel in one block; the format fixes it."""

APE_VERSION = 3990
APE_BLOCKS_PER_FRAME = 73_728 * 4
APE_CREATE_WAV_HEADER = 32
APE_LEFT_AND_RIGHT_SILENT = 3

FFMPEG_ARGUMENTS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "32k", "-id3v2_version", "0", "-write_id3v1", "0"),
    "flac": ("-c:a", "flac"),
    "vorbis": ("-c:a", "libvorbis", "-q:a", "0"),
    "opus": ("-c:a", "libopus", "-b:a", "16k"),
    "speex": ("-c:a", "libspeex"),
    "oggflac": ("-c:a", "flac", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-b:a", "24k"),
    "adts": ("-c:a", "aac", "-b:a", "24k", "-f", "adts"),
    "alac": ("-c:a", "alac"),
    "wma": ("-c:a", "wmav2", "-b:a", "24k", "-f", "asf"),
    "pcm": ("-c:a", "pcm_s16le"),
    "aiff": ("-c:a", "pcm_s16be"),
    "tta": ("-c:a", "tta"),
}


def tune(notes: Sequence[int], rate: int, seconds: float, channels: int) -> bytes:
    """Return ``notes`` (MIDI numbers), played evenly over ``seconds``, as interleaved 16-bit little-endian PCM."""
    per_note = int(rate * seconds / len(notes))
    samples = bytearray()
    for note in notes:
        step = 2 * math.pi * 440 * 2 ** ((note - 69) / 12) / rate
        for i in range(per_note):
            value = round(9000 * math.sin(step * i) * (1 - i / per_note) ** 2)
            samples += struct.pack("<h", value) * channels
    return bytes(samples)


def write_wav(path: Path, pcm: bytes, rate: int, channels: int) -> None:
    """Write 16-bit PCM as a plain WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(pcm)


def run(*command: str | Path) -> None:
    """Run an encoder quietly; raise with its output when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")


def with_ffmpeg(codec: str) -> Callable[[Path, Path], None]:
    """Return an encoder from a WAV file to the named codec; ``bitexact`` keeps dates and versions out of the file."""

    def encode(wav: Path, out: Path) -> None:
        run(
            "ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-fflags", "+bitexact", "-i", wav, "-map_metadata", "-1",
            "-flags:a", "+bitexact", "-fflags", "+bitexact", *FFMPEG_ARGUMENTS[codec], out,
        )  # fmt: skip

    return encode


def with_wavpack(wav: Path, out: Path) -> None:
    """Encode with WavPack's own encoder."""
    run("wavpack", "-q", "-y", wav, "-o", out)


def with_mpcenc(wav: Path, out: Path) -> None:
    """Encode with Musepack's own encoder (stream version 8)."""
    run("mpcenc", "--silent", "--overwrite", "--quality", "2", wav, out)


def dsf(notes: Sequence[int], blocks: int = 4) -> bytes:
    """Return a mono DSF file: ``notes`` through a first-order sigma-delta modulator, ``blocks`` of 11.6 ms each.

    The layout is that of Sony's "DSF File Format Specification" 1.01; bits are least significant first.
    """
    bits = blocks * DSD_BLOCK * 8
    data = bytearray(blocks * DSD_BLOCK)
    error = 0.0
    for i in range(bits):
        note = notes[i * len(notes) // bits]
        error += 0.5 * math.sin(2 * math.pi * 440 * 2 ** ((note - 69) / 12) * i / DSD_RATE)
        if error >= 0:
            data[i >> 3] |= 1 << (i & 7)
            error -= 1
        else:
            error += 1
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, DSD_RATE, 1, bits, DSD_BLOCK, 0)
    body = fmt + struct.pack("<4sQ", b"data", 12 + len(data)) + data
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(body), 0) + body


def silent_ape(rate: int, seconds: float) -> bytes:
    """Return a stereo Monkey's Audio file (version 3.99) of silence, which the format stores as two flags per frame."""
    blocks = int(rate * seconds)
    pcm = bytes(blocks * 4)
    # A frame is a row of 32-bit words, stored with their bytes reversed: checksum of the audio with the top bit set for
    # "flags follow", the flags, and what a range decoder reads before it finds that it has nothing to decode.
    words = struct.pack(">II", zlib.crc32(pcm) >> 1 | 1 << 31, APE_LEFT_AND_RIGHT_SILENT) + bytes(8)
    frame = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    header = struct.pack("<HHIIIHHI", 2000, APE_CREATE_WAV_HEADER, APE_BLOCKS_PER_FRAME, blocks, 1, 16, 2, rate)
    seek_table = struct.pack("<I", 52 + len(header) + 4)
    digest = hashlib.md5(frame + header + seek_table, usedforsecurity=False).digest()
    descriptor = struct.pack(
        "<4sHHIIIIIII16s", b"MAC ", APE_VERSION, 0, 52, len(header), len(seek_table), 0, len(frame), 0, 0, digest
    )
    return descriptor + header + seek_table + frame


ENCODERS: dict[str, Callable[[Path, Path], None]] = {
    **{codec: with_ffmpeg(codec) for codec in FFMPEG_ARGUMENTS},
    "wavpack": with_wavpack,
    "musepack": with_mpcenc,
}


def make(encoder: str, out: Path, notes: Sequence[int], rate: int, channels: int, seconds: float) -> None:
    """Write the tune ``notes`` to ``out``; ``encoder`` is a key of ``ENCODERS``, ``dsd`` or ``ape``."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if encoder == "dsd":
        out.write_bytes(dsf(notes))
    elif encoder == "ape":
        out.write_bytes(silent_ape(rate, seconds))
    else:
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "tune.wav"
            write_wav(wav, tune(notes, rate, seconds, channels), rate, channels)
            ENCODERS[encoder](wav, out)


def decoded_seconds(path: Path) -> float:
    """Seconds of audio that ffmpeg decodes from ``path``; raises when it has the least complaint about the file."""
    rate = 48_000
    done = subprocess.run(
        [
            "ffmpeg", "-nostdin", "-v", "error", "-xerror", "-err_detect", "crccheck", "-i", str(path),
            "-f", "s16le", "-ac", "1", "-ar", str(rate), "-",
        ],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode or done.stderr:
        raise RuntimeError(f"{path} does not decode: {done.stderr.decode(errors='replace')}")
    return len(done.stdout) / 2 / rate
