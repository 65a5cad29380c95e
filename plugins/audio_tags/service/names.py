"""Maps the native names in each tag format to fields.

Sources: the published mappings of MusicBrainz Picard (Appendix B of its documentation) and mp3tag ("Tag Field
Mappings"), and names of other known writers. A value under a ``LATER`` name is used only if no other name has one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .vocabulary import FIELDS

_NO_LETTER = re.compile(r"[^a-z0-9]")


@lru_cache(maxsize=1024)
def plain(name: str) -> str:
    """Normalize a free name as in the tables: lower case, only letters and digits."""
    return _NO_LETTER.sub("", name.lower())


FREE_TEXT = {
    **{plain(field): field for field in FIELDS},
    "musicbrainztrackid": "musicbrainz_recordingid", "musicbrainzreleasetrackid": "musicbrainz_trackid",
    "musicbrainzreleaseid": "musicbrainz_albumid",
    "musicbrainzalbumtype": "releasetype", "musicbrainzalbumstatus": "releasestatus",
    "musicbrainzalbumreleasecountry": "releasecountry", "country": "releasecountry",
    "initialkey": "key", "tempo": "bpm", "tempobpm": "bpm",
    "movementname": "movement", "movement": "movementnumber",
    "track": "tracknumber", "tracknum": "tracknumber", "tracktotal": "totaltracks", "trackc": "totaltracks",
    "disc": "discnumber", "disk": "discnumber", "disknumber": "discnumber", "discnum": "discnumber",
    "disctotal": "totaldiscs", "discc": "totaldiscs", "totaldisks": "totaldiscs", "disktotal": "totaldiscs",
    "setsubtitle": "discsubtitle", "contentgroup": "grouping", "unsyncedlyrics": "lyrics",
    "unsynchronisedlyrics": "lyrics", "publisher": "label", "organization": "label", "recordlabel": "label",
    "catalog": "catalognumber", "catalogno": "catalognumber", "labelno": "catalognumber", "upc": "barcode",
    "ean": "barcode", "eanupc": "barcode", "mediatype": "media", "sourcemedia": "media", "mixartist": "remixer",
    "itunescompilation": "compilation", "weblink": "website",
    "encodingsettings": "encodersettings", "origyear": "originalyear", "originalreleaseyear": "originalyear",
    "originalreleasedate": "originaldate", "originalreleasetime": "originaldate", "origartist": "originalartist",
    "origalbum": "originalalbum", "year": "date",
}  # fmt: skip
"""Free names in any format: ID3's TXXX, MP4's ``----``, Vorbis comments, APEv2 items, ASF attributes."""

LATER = frozenset({"year", "releasedate", "releasetime", "origyear"})
"""Free names whose value is used only if the field's other names have none."""

FREE_TEXT |= {"releasedate": "date", "releasetime": "date"}

VORBIS = {**FREE_TEXT, "description": "comment", "version": "subtitle"}
"""Vorbis comments: its first recommendation knows DESCRIPTION and VERSION, which mean other things elsewhere."""

APE = {**FREE_TEXT, "debutalbum": "originalalbum"}

ASF = {
    **FREE_TEXT,
    "author": "artist", "description": "comment", "wmalbumtitle": "album", "wmalbumartist": "albumartist",
    "wmalbumartistsortorder": "albumartistsort", "wmalbumsortorder": "albumsort", "wmartistsortorder": "artistsort",
    "wmartists": "artists", "wmauthorurl": "website", "wmbarcode": "barcode", "wmbeatsperminute": "bpm",
    "wmcatalogno": "catalognumber", "wmcomposer": "composer", "wmcomposersortorder": "composersort",
    "wmconductor": "conductor", "wmcontentgroupdescription": "grouping", "wmdirector": "director",
    "wmdjmixer": "djmixer", "wmencodedby": "encodedby", "wmencodingsettings": "encodersettings",
    "wmengineer": "engineer", "wmgenre": "genre", "wminitialkey": "key", "wmiscompilation": "compilation",
    "wmisrc": "isrc", "wmlanguage": "language", "wmlyrics": "lyrics", "wmmedia": "media", "wmmixer": "mixer",
    "wmmodifiedby": "remixer", "wmmood": "mood", "wmoriginalalbumtitle": "originalalbum",
    "wmoriginalartist": "originalartist", "wmoriginalfilename": "originalfilename",
    "wmoriginalreleasetime": "originaldate", "wmoriginalreleaseyear": "originalyear", "wmpartofset": "discnumber",
    "wmproducer": "producer", "wmpublisher": "label", "wmscript": "script", "wmsetsubtitle": "discsubtitle",
    "wmsubtitle": "subtitle", "wmtitlesortorder": "titlesort", "wmtracknumber": "tracknumber", "wmwork": "work",
    "wmwriter": "lyricist", "wmyear": "date",
}  # fmt: skip

ID3 = {
    "TIT1": "grouping", "GRP1": "grouping", "TIT2": "title", "TIT3": "subtitle", "TPE1": "artist",
    "TPE2": "albumartist", "TPE3": "conductor", "TPE4": "remixer", "TALB": "album", "TCOM": "composer",
    "TEXT": "lyricist", "TDRC": "date", "TDOR": "originaldate", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TSST": "discsubtitle", "TCMP": "compilation", "TSOT": "titlesort", "TSOP": "artistsort",
    "TSOA": "albumsort", "TSO2": "albumartistsort", "TSOC": "composersort", "TPUB": "label", "TSRC": "isrc",
    "TMED": "media", "TLAN": "language", "TBPM": "bpm", "TKEY": "key", "TMOO": "mood", "TCOP": "copyright",
    "TENC": "encodedby", "TSSE": "encodersettings", "TOAL": "originalalbum", "TOPE": "originalartist",
    "TOFN": "originalfilename", "MVNM": "movement", "MVIN": "movementnumber", "WOAR": "website", "WCOP": "license",
    "XSOP": "artistsort", "XSOA": "albumsort", "XSOT": "titlesort", "XDOR": "originaldate",
}  # fmt: skip
ID3_LATER = {"TORY": "originaldate", "TDRL": "date"}
"""Frames whose value is used only if no other frame has the field."""

ROLES = {
    "arranger": "arranger", "engineer": "engineer", "producer": "producer", "dj-mix": "djmixer", "djmixer": "djmixer",
    "dj mix": "djmixer", "dj mixer": "djmixer", "mix": "mixer", "mixer": "mixer", "remixer": "remixer",
    "composer": "composer", "lyricist": "lyricist", "writer": "writer", "author": "writer", "conductor": "conductor",
    "director": "director",
}  # fmt: skip
"""Roles in ID3's lists of people, in lower case; others are instruments, but for those of ``NO_PERFORMERS``."""

NO_PERFORMERS = frozenset({
    "executive producer", "co-producer", "assistant producer", "mastering", "mastering engineer", "recording",
    "recording engineer", "mixing engineer", "assistant engineer", "assistant", "photography", "artwork", "design",
    "liner notes", "publisher", "programming", "label",
})  # fmt: skip
"""Roles of people who did not play, and have no field here."""

MP4 = {
    "©nam": "title", "©ART": "artist", "©alb": "album", "aART": "albumartist", "©wrt": "composer", "©gen": "genre",
    "©day": "date", "©cmt": "comment", "©lyr": "lyrics", "©grp": "grouping", "©too": "encodedby", "©enc": "encodedby",
    "©dir": "director", "©wrk": "work", "©mvn": "movement", "©mvi": "movementnumber", "©mvc": "movementtotal",
    "©con": "conductor", "©prd": "producer", "©arg": "arranger", "©pub": "label", "©isr": "isrc", "©st3": "subtitle",
    "cprt": "copyright", "©cpy": "copyright", "sonm": "titlesort", "soar": "artistsort", "soal": "albumsort",
    "soaa": "albumartistsort", "soco": "composersort", "tmpo": "bpm", "cpil": "compilation",
}  # fmt: skip

RIFF_INFO = {
    "INAM": "title", "TITL": "title", "IART": "artist", "IPRD": "album", "IALB": "album", "ICMT": "comment",
    "COMM": "comment", "ICOP": "copyright", "IENC": "encodedby", "ITCH": "encodedby", "ISFT": "encodersettings",
    "IENG": "engineer", "IGNR": "genre", "GENR": "genre", "ILNG": "language", "LANG": "language", "IMED": "media",
    "IMUS": "composer", "IPRO": "producer", "ICNT": "releasecountry", "ICRD": "date", "YEAR": "date",
    "ITRK": "tracknumber", "IPRT": "tracknumber", "TRCK": "tracknumber", "IFRM": "totaltracks", "IWRI": "writer",
    "IBPM": "bpm", "IPUB": "label", "IMOO": "mood", "ISRC": "isrc",
}  # fmt: skip
"""Items of ``LIST INFO``. The standard's ISRC is the source's name; only what has the form of an ISRC is kept."""

AIFF = {b"NAME": "title", b"AUTH": "artist", b"(c) ": "copyright", b"ANNO": "comment"}
"""Text chunks of AIFF files."""
