"""Builds audio files that are odd but real, byte by byte: compressed WAV, lying headers, fragments, several streams.

What they hold besides headers is silence, or nothing that a decoder could read: they are for readers of headers.
"""

from __future__ import annotations

import math
import struct

from tests.audio.damage import atom

W64 = {
    name: name + bytes.fromhex("f3acd3118cd100c04f8edb8a") for name in (b"wave", b"fmt ", b"data", b"fact")
} | {b"riff": b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")}  # fmt: skip
"""Wave64's names of chunks."""


def chunk(name: bytes, content: bytes, *, size: int | None = None, order: str = "<") -> bytes:
    """Return a chunk of a WAV or AIFF file; ``size`` is what it claims where that is a lie."""
    claimed = len(content) if size is None else size
    return name + struct.pack(order + "I", claimed) + content + bytes(len(content) & 1)


def wav_format(
    tag: int = 1, *, channels: int = 1, rate: int = 8000, byte_rate: int = 16000, block: int = 2, bits: int = 16,
    extra: bytes = b"", order: str = "<",
) -> bytes:  # fmt: skip
    """Return the content of a ``fmt`` chunk; by default that of 16-bit PCM at 8 kHz."""
    head = struct.pack(order + "HHIIHH", tag, channels, rate, byte_rate, block, bits)
    return head + (struct.pack(order + "H", len(extra)) + extra if extra else b"")


def extensible(tag: int) -> bytes:
    """Return what follows the size of the extension in an extensible ``fmt`` chunk."""
    return struct.pack("<HIH", 16, 4, tag) + bytes.fromhex("000000001000800000aa00389b71")


def wav(form: bytes, audio: bytes, *more: bytes, claimed: int | None = None, order: str = "<") -> bytes:
    """Return a WAV file (RIFX for ``>``); ``more`` are chunks before the audio, ``claimed`` the size of the audio."""
    body = b"WAVE" + chunk(b"fmt ", form, order=order) + b"".join(more)
    body += chunk(b"data", audio, size=claimed, order=order)
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(order + "I", len(body)) + body


def rf64(form: bytes, audio: bytes, *, name: bytes = b"RF64", after: bytes = b"") -> bytes:
    """Return an RF64 or BW64 file, whose sizes are in a chunk of their own; ``after`` follows the audio."""
    sizes = struct.pack("<QQQI", 0, len(audio), 0, 0)
    body = b"WAVE" + chunk(b"ds64", sizes) + chunk(b"fmt ", form)
    body += chunk(b"data", audio, size=0xFFFF_FFFF) + after
    return name + struct.pack("<I", 0xFFFF_FFFF) + body


def w64(form: bytes, audio: bytes) -> bytes:
    """Return a Wave64 file."""

    def part(name: bytes, content: bytes) -> bytes:
        return W64[name] + struct.pack("<Q", 24 + len(content)) + content + bytes(-len(content) % 8)

    body = W64[b"wave"] + part(b"fmt ", form) + part(b"data", audio)
    return W64[b"riff"] + struct.pack("<Q", 24 + len(body)) + body


def extended(value: float) -> bytes:
    """Return a number as AIFF writes it, in 80 bits."""
    mantissa, exponent = math.frexp(value)
    return struct.pack(">HQ", exponent + 16382, int(mantissa * 2**64))


def aiff(
    kind: bytes, audio: bytes, *more: bytes, frames: int, channels: int = 1, bits: int = 16, rate: int = 8000
) -> bytes:
    """Return an AIFF-C file of the compression type ``kind``, or an AIFF file for ``b""``."""
    common = struct.pack(">HIH", channels, frames, bits) + extended(rate) + (kind + b"\0\0" if kind else b"")
    parts = [chunk(b"COMM", common, order=">"), *more, chunk(b"SSND", bytes(8) + audio, order=">")]
    body = (b"AIFC" if kind else b"AIFF") + b"".join(parts)
    return b"FORM" + struct.pack(">I", len(body)) + body


def mp3_frames(*codes: int) -> bytes:
    """Return frames of MPEG 1 layer 3 at 44.1 kHz, mono, one for each code of a bit rate (9 is 128 kbit/s)."""
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    return b"".join(
        b"\xff\xfb" + bytes([code << 4, 0xC0]) + bytes(144 * rates[code] * 1000 // 44100 - 4) for code in codes
    )


def xing_frame(frames: int, size: int) -> bytes:
    """Return the frame that says how many frames and bytes an MP3 file has."""
    frame = bytearray(mp3_frames(9))
    frame[21:37] = b"Xing" + struct.pack(">III", 3, frames, size)  # mono: 17 bytes of side information
    return bytes(frame)


def adts_frames(count: int, size: int = 100) -> bytes:
    """Return frames of AAC-LC at 44.1 kHz, stereo."""
    head = bytes([0xFF, 0xF1, 0x50, 0x80 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC])
    return (head + bytes(size - 7)) * count


def wavpack_block(
    samples: int, total: int, *, rate_code: int = 9, flags: int = 1 | 1 << 11 | 1 << 12, metadata: bytes = b"",
    index: int = 0, size: int = 200,
) -> bytes:  # fmt: skip
    """Return one block of a WavPack file; by default stereo, 16 bits, first and last of its channels, 44.1 kHz."""
    body = metadata + bytes(size - 32 - len(metadata))
    head = struct.pack("<IHBBIIIII", size - 8, 0x407, 0, 0, total, index, samples, flags | rate_code << 23, 0)
    return b"wvpk" + head + body


def tta(rate: int, samples: int, *, channels: int = 1, frame: int = 50) -> bytes:
    """Return a True Audio file whose frames have ``frame`` bytes each."""
    count = -(-samples // (rate * 256 // 245))
    head = b"TTA1" + struct.pack("<HHHII", 1, channels, 16, rate, samples) + bytes(4)
    return head + struct.pack("<I", frame) * count + bytes(4) + bytes(frame * count)


def ape_tag(*items: tuple[bytes, int, bytes], version: int = 2000) -> bytes:
    """Return an APE tag without a header; an item is its key, its kind (0 text, 1 binary), and its value."""
    body = b"".join(struct.pack("<II", len(value), kind << 1) + key + b"\0" + value for key, kind, value in items)
    return body + b"APETAGEX" + struct.pack("<IIII", version, len(body) + 32, len(items), 0) + bytes(8)


def comments(*texts: bytes) -> bytes:
    """Return the content of a Vorbis comment."""
    return b"\0\0\0\0" + struct.pack("<I", len(texts)) + b"".join(struct.pack("<I", len(t)) + t for t in texts)


def flac(*blocks: tuple[int, bytes], audio: bytes = b"", samples: int = 0) -> bytes:
    """Return a FLAC file at 8 kHz, mono, with further blocks (their kind and content); 0 samples: nobody knows."""
    info = (
        struct.pack(">HH", 4096, 4096) + bytes(6) + ((8000 << 44 | 15 << 36 | samples).to_bytes(8, "big")) + bytes(16)
    )
    parts = [(0, info), *blocks]
    made = b"".join(
        bytes([kind | (0x80 if n == len(parts) - 1 else 0)]) + len(content).to_bytes(3, "big") + content
        for n, (kind, content) in enumerate(parts)
    )
    return b"fLaC" + made + audio


def ogg_page(content: bytes, *, serial: int, granule: int = 0, flags: int = 0, number: int = 0) -> bytes:
    """Return a page with one packet. (Its checksum is 0: readers of headers do not look at it.)"""
    lacing = b"\xff" * (len(content) // 255) + bytes([len(content) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    return head + lacing + content


def vorbis_pages(serial: int, *texts: bytes, samples: int = 8000, last: int = 4) -> list[bytes]:
    """Return the pages of a Vorbis stream at 8 kHz, mono: its first, its other headers, and one of audio."""
    first = b"\x01vorbis" + struct.pack("<IBIiiiB", 0, 1, 8000, 0, 0, 0, 0xB8) + b"\x01"
    setup = ogg_page(b"\x03vorbis" + comments(*texts) + b"\x01", serial=serial)
    return [
        ogg_page(first, serial=serial, flags=2),
        setup + ogg_page(b"\x05vorbis" + bytes(30), serial=serial),
        ogg_page(bytes(500), serial=serial, granule=samples, flags=last),
    ]


def descriptor(tag: int, content: bytes) -> bytes:
    """Return one of MPEG-4's descriptors."""
    return bytes([tag, len(content)]) + content


def esds(configuration: bytes, *, bitrate: int = 64_000, kind: int = 0x40) -> bytes:
    """Return an ``esds`` atom with an AudioSpecificConfig."""
    decoder = bytes([kind, 0x15]) + bytes(3) + struct.pack(">II", bitrate, bitrate) + descriptor(5, configuration)
    return atom(b"esds", bytes(4) + descriptor(3, b"\0\1\0" + descriptor(4, decoder)))


def entry(name: bytes, *parts: bytes, channels: int = 2, rate: int = 44_100, bits: int = 16) -> bytes:
    """Return the description of one kind of samples; it says ``channels`` and ``rate`` whatever is in ``parts``."""
    head = bytes(6) + struct.pack(">H8xHH4xI", 1, channels, bits, rate << 16)
    return atom(name, head + b"".join(parts))


def ilst(*items: bytes) -> bytes:
    """Return a ``udta`` atom with iTunes' items."""
    handler = atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    return atom(b"udta", atom(b"meta", bytes(4) + handler + atom(b"ilst", b"".join(items))))


def data(value: bytes, kind: int = 1) -> bytes:
    """Return one value of an item."""
    return atom(b"data", struct.pack(">II", kind, 0) + value)


def free_item(name: bytes, *values: bytes, mean: bytes = b"com.apple.iTunes") -> bytes:
    """Return a free-text item."""
    return atom(b"----", atom(b"mean", bytes(4) + mean) + atom(b"name", bytes(4) + name) + b"".join(map(data, values)))


def mp4(
    description: bytes, *more: bytes, ticks: int = 44_100, chunks: int = 1, audio: bytes = bytes(1000),
    fragments: tuple[tuple[int, int], ...] = (),
) -> bytes:  # fmt: skip
    """Return an MP4 file with its header first and one audio track of 44,100 ticks a second.

    The audio is ``chunks`` chunks of the same size and time. ``more`` are atoms of ``moov``. With ``fragments`` (each
    its samples and the ticks of one) the audio is in these, and the header knows nothing of their time.
    """
    head = atom(b"ftyp", b"M4A \0\0\0\0")
    samples = 0 if fragments else chunks

    def movie(first_chunk: int) -> bytes:
        offsets = [first_chunk + n * (len(audio) // chunks) for n in range(samples)]
        table = atom(b"stsd", struct.pack(">II", 0, 1) + description)
        table += atom(b"stts", struct.pack(">II", 0, 1) + struct.pack(">II", samples, ticks // chunks))
        table += atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1))
        table += atom(b"stco", struct.pack(f">II{samples}I", 0, samples, *offsets))
        media = atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 44_100, 0 if fragments else ticks, 0))
        media += atom(b"hdlr", bytes(8) + b"soun" + bytes(13)) + atom(b"minf", atom(b"stbl", table))
        track = atom(b"tkhd", struct.pack(">IIII", 0, 0, 0, 1) + bytes(68)) + atom(b"mdia", media)
        extends = atom(b"mvex", atom(b"trex", struct.pack(">IIIIII", 0, 1, 1, 1024, 0, 0))) if fragments else b""
        return atom(b"moov", atom(b"mvhd", bytes(100)) + atom(b"trak", track) + extends + b"".join(more))

    made = head + movie(len(head) + len(movie(0)) + 8)
    for count, each in fragments:
        flags, rest = (0x100, struct.pack(">I", each) * count) if each else (0, b"")
        run = atom(b"trun", struct.pack(">II", flags, count) + rest)
        header = atom(b"tfhd", struct.pack(">II", 0x020000, 1))
        made += atom(b"moof", atom(b"mfhd", bytes(8)) + atom(b"traf", header + run)) + atom(b"mdat", bytes(50))
    return made if fragments else made + atom(b"mdat", audio)
