"""Writes a sample's fields into its file under the native names of each tag format, through mutagen.

The native names come from MusicBrainz Picard's published mapping, written down here a second time on purpose: these
samples are what the plugin's own mapping is tested with.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mutagen import (
    FileType,
    asf,
    flac,
    id3,
    monkeysaudio,
    mp4,
    musepack,
    oggflac,
    oggopus,
    oggspeex,
    oggvorbis,
    trueaudio,
    wavpack,
)
from mutagen import aiff as aiff_files
from mutagen import dsf as dsf_files
from mutagen import wave as wave_files
from mutagen.apev2 import BINARY, APEv2, APEValue

Fields = Mapping[str, Sequence[str]]
"""Field name in Picard's vocabulary to its values."""

ID3_TEXT = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "albumartist": "TPE2", "composer": "TCOM", "genre": "TCON",
    "compilation": "TCMP", "date": "TDRC", "originaldate": "TDOR", "titlesort": "TSOT", "artistsort": "TSOP",
    "albumartistsort": "TSO2", "composersort": "TSOC", "conductor": "TPE3", "discsubtitle": "TSST", "label": "TPUB",
    "isrc": "TSRC", "language": "TLAN", "bpm": "TBPM", "copyright": "TCOP", "media": "TMED", "subtitle": "TIT3",
    "movement": "MVNM", "grouping": "TIT1", "encodedby": "TENC", "key": "TKEY", "mood": "TMOO",
}  # fmt: skip
ID3_FREE = {
    "artists": "Artists", "work": "WORK", "catalognumber": "CATALOGNUMBER",
    "musicbrainz_trackid": "MusicBrainz Release Track Id", "musicbrainz_albumid": "MusicBrainz Album Id",
    "musicbrainz_artistid": "MusicBrainz Artist Id", "musicbrainz_albumartistid": "MusicBrainz Album Artist Id",
    "musicbrainz_releasegroupid": "MusicBrainz Release Group Id", "musicbrainz_workid": "MusicBrainz Work Id",
    "releasetype": "MusicBrainz Album Type", "releasestatus": "MusicBrainz Album Status",
}  # fmt: skip
VORBIS = {
    "musicbrainz_recordingid": "MUSICBRAINZ_TRACKID", "musicbrainz_trackid": "MUSICBRAINZ_RELEASETRACKID",
    "movement": "MOVEMENTNAME", "movementnumber": "MOVEMENT",
}  # fmt: skip
APE = {
    "albumartist": "Album Artist", "date": "Year", "discsubtitle": "DiscSubtitle", "encodedby": "EncodedBy",
    "remixer": "MixArtist", "website": "Weblink", "releasetype": "MUSICBRAINZ_ALBUMTYPE",
    "releasestatus": "MUSICBRAINZ_ALBUMSTATUS", "musicbrainz_recordingid": "MUSICBRAINZ_TRACKID",
    "musicbrainz_trackid": "MUSICBRAINZ_RELEASETRACKID",
}  # fmt: skip
MP4 = {
    "title": "©nam", "artist": "©ART", "album": "©alb", "albumartist": "aART", "composer": "©wrt", "genre": "©gen",
    "date": "©day", "comment": "©cmt", "lyrics": "©lyr", "grouping": "©grp", "titlesort": "sonm",
    "artistsort": "soar", "albumartistsort": "soaa", "composersort": "soco", "copyright": "cprt", "encodedby": "©too",
    "movement": "©mvn", "work": "©wrk",
}  # fmt: skip
MP4_FREE = {
    **{name: desc for name, desc in ID3_FREE.items() if name != "work"},
    "artists": "ARTISTS", "musicbrainz_recordingid": "MusicBrainz Track Id", "isrc": "ISRC", "label": "LABEL",
    "media": "MEDIA", "language": "LANGUAGE", "conductor": "CONDUCTOR", "key": "initialkey",
}  # fmt: skip
ASF = {
    "title": "Title", "artist": "Author", "album": "WM/AlbumTitle", "albumartist": "WM/AlbumArtist",
    "composer": "WM/Composer", "genre": "WM/Genre", "date": "WM/Year", "tracknumber": "WM/TrackNumber",
    "copyright": "Copyright", "comment": "Description", "compilation": "WM/IsCompilation", "conductor": "WM/Conductor",
    "artistsort": "WM/ArtistSortOrder", "originaldate": "WM/OriginalReleaseTime", "label": "WM/Publisher",
    "musicbrainz_recordingid": "MusicBrainz/Track Id", "musicbrainz_trackid": "MusicBrainz/Release Track Id",
    "musicbrainz_albumid": "MusicBrainz/Album Id", "musicbrainz_artistid": "MusicBrainz/Artist Id",
    "musicbrainz_albumartistid": "MusicBrainz/Album Artist Id",
    "musicbrainz_releasegroupid": "MusicBrainz/Release Group Id",
}  # fmt: skip
RIFF_INFO = {
    "title": b"INAM", "artist": b"IART", "album": b"IPRD", "composer": b"IMUS", "genre": b"IGNR", "date": b"ICRD",
    "tracknumber": b"ITRK", "comment": b"ICMT", "copyright": b"ICOP", "language": b"ILNG", "media": b"IMED",
}  # fmt: skip


def png(size: int = 8) -> bytes:
    """Return a small square PNG, violet."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80\x20\xa0" * size) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def of_total(fields: Fields, number: str, total: str) -> str:
    """Return ``"3/12"``, or ``"3"`` where the total is unknown."""
    return "/".join(fields[name][0] for name in (number, total) if name in fields)


def frames(fields: Fields, picture: bytes | None) -> list[id3.Frame]:
    """Return the ID3 frames for ``fields``, in UTF-8."""
    made: list[id3.Frame] = []
    people = {"arranger": "arranger", "producer": "producer", "engineer": "engineer", "mixer": "mix"}
    credited = [[role, name] for field, role in people.items() for name in fields.get(field, ())]
    if credited:
        made.append(id3.TIPL(encoding=3, people=credited))
    if "performer" in fields:
        split = [value.removesuffix(")").split(" (") for value in fields["performer"]]
        made.append(id3.TMCL(encoding=3, people=[[instrument, name] for name, instrument in split]))
    for name, values in fields.items():
        if name in ID3_TEXT:
            made.append(getattr(id3, ID3_TEXT[name])(encoding=3, text=list(values)))
        elif name in ID3_FREE or name.startswith("replaygain_"):
            made.append(id3.TXXX(encoding=3, desc=ID3_FREE.get(name, name.upper()), text=list(values)))
        elif name == "musicbrainz_recordingid":
            made.append(id3.UFID(owner="http://musicbrainz.org", data=values[0].encode()))
        elif name == "tracknumber":
            made.append(id3.TRCK(encoding=3, text=of_total(fields, "tracknumber", "totaltracks")))
        elif name == "discnumber":
            made.append(id3.TPOS(encoding=3, text=of_total(fields, "discnumber", "totaldiscs")))
        elif name == "comment":
            made.append(id3.COMM(encoding=3, lang="eng", desc="", text=list(values)))
        elif name == "lyrics":
            made.append(id3.USLT(encoding=3, lang="deu", desc="", text=values[0]))
        elif name == "website":
            made.append(id3.WOAR(url=values[0]))
        elif name == "license":
            made.append(id3.WCOP(url=values[0]))
        elif name not in {"totaltracks", "totaldiscs", "performer", *people}:
            raise ValueError(f"no ID3 frame for {name}")
    if picture:
        made.append(id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=picture))
    return made


def tag_id3(file: FileType, fields: Fields, picture: bytes | None, **save: object) -> None:
    """Write an ID3 tag into a file whose own tags are ID3."""
    if file.tags is None:
        file.add_tags()
    for frame in frames(fields, picture):
        file.tags.add(frame)
    file.save(**save)


def no_padding(_info: object) -> int:
    """Tell mutagen to leave no room behind tags: the samples stay small."""
    return 0


def picture_block(picture: bytes) -> flac.Picture:
    """Return ``picture`` as FLAC and Vorbis comments hold it."""
    block = flac.Picture()
    block.data, block.type, block.mime = picture, 3, "image/png"
    block.width = block.height = 8
    block.depth = 24
    return block


def tag_vorbis(file: FileType, fields: Fields, picture: bytes | None) -> None:
    """Write Vorbis comments into a FLAC or Ogg file."""
    if file.tags is None:
        file.add_tags()
    for name, values in fields.items():
        file.tags[VORBIS.get(name, name.upper())] = list(values)
    if picture and isinstance(file, flac.FLAC):
        file.add_picture(picture_block(picture))
    elif picture:
        file.tags["METADATA_BLOCK_PICTURE"] = base64.b64encode(picture_block(picture).write()).decode()
    file.save(padding=no_padding)


def fill_ape(tags: APEv2, fields: Fields, picture: bytes | None) -> None:
    """Put ``fields`` into an APEv2 tag."""
    for name, values in fields.items():
        if name == "tracknumber":
            tags["Track"] = of_total(fields, "tracknumber", "totaltracks")
        elif name == "discnumber":
            tags["Disc"] = of_total(fields, "discnumber", "totaldiscs")
        elif name not in {"totaltracks", "totaldiscs"}:
            tags[APE.get(name, name.title())] = list(values)
    if picture:
        tags["Cover Art (Front)"] = APEValue(b"cover.png\0" + picture, BINARY)


def tag_ape(file: FileType, fields: Fields, picture: bytes | None) -> None:
    """Write an APEv2 tag into a file whose own tags are APEv2."""
    if file.tags is None:
        file.add_tags()
    fill_ape(file.tags, fields, picture)
    file.save()


def append_ape(path: Path, fields: Fields, picture: bytes | None) -> None:
    """Append an APEv2 tag to any file, whatever other tags it has."""
    tags = APEv2()
    fill_ape(tags, fields, picture)
    tags.save(str(path))


def tag_mp4(file: mp4.MP4, fields: Fields, picture: bytes | None) -> None:
    """Write iTunes metadata items."""
    tags = file
    pairs = {"trkn": ("tracknumber", "totaltracks"), "disk": ("discnumber", "totaldiscs")}
    for atom, (number, total) in pairs.items():
        if number in fields:
            tags[atom] = [(int(fields[number][0]), int(fields.get(total, ["0"])[0]))]
    for name, values in fields.items():
        if name in MP4:
            tags[MP4[name]] = list(values)
        elif name == "compilation":
            tags["cpil"] = True
        elif name == "bpm":
            tags["tmpo"] = [int(values[0])]
        elif name in MP4_FREE or name.startswith("replaygain_"):
            key = "----:com.apple.iTunes:" + MP4_FREE.get(name, name.upper())
            tags[key] = [mp4.MP4FreeForm(value.encode()) for value in values]
        elif name not in {"tracknumber", "totaltracks", "discnumber", "totaldiscs"}:
            raise ValueError(f"no MP4 atom for {name}")
    if picture:
        tags["covr"] = [mp4.MP4Cover(picture, mp4.MP4Cover.FORMAT_PNG)]
    file.save(padding=no_padding)


def tag_asf(file: asf.ASF, fields: Fields, picture: bytes | None) -> None:
    """Write ASF attributes."""
    for name, values in fields.items():
        if name == "discnumber":
            file["WM/PartOfSet"] = of_total(fields, "discnumber", "totaldiscs")
        elif name == "compilation":
            file["WM/IsCompilation"] = asf.ASFBoolAttribute(True)
        elif name in ASF or name.startswith("replaygain_"):
            file[ASF.get(name, name.upper())] = list(values)
        elif name != "totaldiscs":
            raise ValueError(f"no ASF attribute for {name}")
    if picture:
        head = struct.pack("<BI", 3, len(picture)) + "image/png\0".encode("utf-16-le") + b"\0\0"
        file["WM/Picture"] = asf.ASFByteArrayAttribute(head + picture)
    file.save(padding=no_padding)


def append_riff_info(path: Path, fields: Fields) -> None:
    """Append a ``LIST INFO`` chunk in UTF-8 to a WAV file."""
    items = b""
    for name, values in fields.items():
        text = values[0].encode() + b"\0"
        items += RIFF_INFO[name] + struct.pack("<I", len(text)) + text + bytes(len(text) & 1)
    wav = path.read_bytes() + b"LIST" + struct.pack("<I", 4 + len(items)) + b"INFO" + items
    path.write_bytes(wav[:4] + struct.pack("<I", len(wav) - 8) + wav[8:])


VORBIS_FILES: dict[str, type[FileType]] = {
    "flac": flac.FLAC, "vorbis": oggvorbis.OggVorbis, "opus": oggopus.OggOpus, "speex": oggspeex.OggSpeex,
    "oggflac": oggflac.OggFLAC,
}  # fmt: skip
ID3_FILES: dict[str, type[FileType]] = {
    "aiff": aiff_files.AIFF, "pcm": wave_files.WAVE, "dsd": dsf_files.DSF, "tta": trueaudio.TrueAudio,
}  # fmt: skip
APE_FILES: dict[str, type[FileType]] = {
    "ape": monkeysaudio.MonkeysAudio, "wavpack": wavpack.WavPack, "musepack": musepack.Musepack,
}  # fmt: skip

TABLES: tuple[tuple[dict[str, type[FileType]], Callable[..., None]], ...] = (
    (VORBIS_FILES, tag_vorbis),
    (ID3_FILES, tag_id3),
    (APE_FILES, tag_ape),
    ({"aac": mp4.MP4, "alac": mp4.MP4}, tag_mp4),
    ({"wma": asf.ASF}, tag_asf),
)


def write(encoder: str, path: Path, fields: Fields, picture: bytes | None) -> None:
    """Tag ``path``, which ``encoder`` (a name of ``encode.py``) made, in the way usual for its format."""
    for table, tag in TABLES:
        if encoder in table:
            tag(table[encoder](str(path)), fields, picture)
            return
    if encoder == "adts":
        append_ape(path, fields, picture)
        return
    raise ValueError(f"no tag format for {encoder}")
