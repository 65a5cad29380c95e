"""The names of all fields, and by which native name each is found in which tag format.

The names are the internal ones of MusicBrainz Picard, the native names those of its published mapping (Picard's
documentation, Appendix B: Tag Mapping); docs/vocabulary.md says what the fields mean.
"""

from __future__ import annotations

FIELDS = frozenset({
    "title", "titlesort", "subtitle", "artist", "artists", "artistsort", "album", "albumsort", "albumartist",
    "albumartistsort",
    "tracknumber", "totaltracks", "discnumber", "totaldiscs", "discsubtitle", "date", "originaldate", "originalyear",
    "genre",
    "composer", "composersort", "lyricist", "writer", "conductor", "performer", "arranger", "producer", "engineer",
    "mixer", "djmixer", "remixer", "director",
    "work", "movement", "movementnumber", "movementtotal", "grouping", "compilation", "comment", "lyrics", "label",
    "catalognumber", "barcode", "asin", "isrc",
    "media", "releasetype", "releasestatus", "releasecountry", "language", "script", "copyright", "license",
    "website", "bpm", "key", "mood",
    "encodedby", "encodersettings", "originalartist", "originalalbum", "originalfilename", "acoustid_id",
    "replaygain_track_gain", "replaygain_track_peak", "replaygain_track_range",
    "replaygain_album_gain", "replaygain_album_peak", "replaygain_album_range", "replaygain_reference_loudness",
    "r128_track_gain", "r128_album_gain",
    "musicbrainz_recordingid", "musicbrainz_trackid", "musicbrainz_albumid", "musicbrainz_artistid",
    "musicbrainz_albumartistid",
    "musicbrainz_releasegroupid", "musicbrainz_workid", "musicbrainz_discid", "musicbrainz_originalalbumid",
    "musicbrainz_originalartistid",
})  # fmt: skip
"""Fields that come from tags. What a file has beyond them is left out."""

STREAM_FIELDS = frozenset({
    "codec", "duration", "bitrate", "sample_rate", "channels", "bits_per_sample", "has_picture",
})  # fmt: skip
"""Fields that come from the audio itself."""

MULTILINE = frozenset({"comment", "lyrics"})
"""Fields that keep their line ends."""

SINGLE = frozenset({
    "tracknumber", "totaltracks", "discnumber", "totaldiscs", "movementnumber", "movementtotal", "date",
    "originaldate", "originalyear", "bpm",
    "compilation", "replaygain_track_gain", "replaygain_track_peak", "replaygain_album_gain", "replaygain_album_peak",
    "r128_track_gain", "r128_album_gain",
})  # fmt: skip
"""Fields of which a file has one: of several values the first counts."""

TOTALS = {"tracknumber": "totaltracks", "discnumber": "totaldiscs", "movementnumber": "movementtotal"}
"""Numbers that may be written with their total, as ``3/12``, and the field where the total belongs."""

FREE_TEXT = {
    "musicbrainz release track id": "musicbrainz_trackid",
    "musicbrainz track id": "musicbrainz_recordingid",
    "musicbrainz album id": "musicbrainz_albumid",
    "musicbrainz artist id": "musicbrainz_artistid",
    "musicbrainz album artist id": "musicbrainz_albumartistid",
    "musicbrainz release group id": "musicbrainz_releasegroupid",
    "musicbrainz work id": "musicbrainz_workid",
    "musicbrainz disc id": "musicbrainz_discid",
    "musicbrainz original album id": "musicbrainz_originalalbumid",
    "musicbrainz original artist id": "musicbrainz_originalartistid",
    "musicbrainz album type": "releasetype",
    "musicbrainz album status": "releasestatus",
    "musicbrainz album release country": "releasecountry",
    "acoustid id": "acoustid_id",
    "initialkey": "key",
}
"""Descriptions of free-text items (ID3's TXXX, MP4's ``----``) in lower case; others are the field's own name."""

ID3 = {
    "TIT1": "grouping", "GRP1": "grouping", "TIT2": "title", "TIT3": "subtitle", "TPE1": "artist",
    "TPE2": "albumartist", "TPE3": "conductor", "TPE4": "remixer", "TALB": "album", "TCOM": "composer",
    "TEXT": "lyricist", "TCON": "genre", "TDRC": "date", "TDOR": "originaldate", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TSST": "discsubtitle", "TCMP": "compilation", "TSOT": "titlesort", "TSOP": "artistsort",
    "TSOA": "albumsort", "TSO2": "albumartistsort", "TSOC": "composersort", "TPUB": "label", "TSRC": "isrc",
    "TMED": "media", "TLAN": "language", "TBPM": "bpm", "TKEY": "key", "TMOO": "mood", "TCOP": "copyright",
    "TENC": "encodedby", "TSSE": "encodersettings", "TOAL": "originalalbum", "TOPE": "originalartist",
    "TOFN": "originalfilename", "MVNM": "movement", "MVIN": "movementnumber", "WOAR": "website", "WCOP": "license",
}  # fmt: skip
ID3_ROLES = {
    "arranger": "arranger", "engineer": "engineer", "producer": "producer", "dj-mix": "djmixer", "mix": "mixer",
}  # fmt: skip
"""Roles of ID3's list of involved people, in lower case."""

VORBIS = {
    "musicbrainz_trackid": "musicbrainz_recordingid", "musicbrainz_releasetrackid": "musicbrainz_trackid",
    "movementname": "movement", "movement": "movementnumber", "tracktotal": "totaltracks", "disctotal": "totaldiscs",
    "album artist": "albumartist", "unsyncedlyrics": "lyrics",
}  # fmt: skip
"""Vorbis comments that are not called as their field, in lower case."""

APE = {
    "album artist": "albumartist", "year": "date", "track": "tracknumber", "disc": "discnumber",
    "mixartist": "remixer", "weblink": "website", "original artist": "originalartist",
    "musicbrainz_albumstatus": "releasestatus", "musicbrainz_albumtype": "releasetype",
    "musicbrainz_trackid": "musicbrainz_recordingid", "musicbrainz_releasetrackid": "musicbrainz_trackid",
    "movementname": "movement", "movement": "movementnumber",
}  # fmt: skip
"""APEv2 items that are not called as their field, in lower case."""

MP4 = {
    "©nam": "title", "©ART": "artist", "©alb": "album", "aART": "albumartist", "©wrt": "composer", "©gen": "genre",
    "©day": "date", "©cmt": "comment", "©lyr": "lyrics", "©grp": "grouping", "©too": "encodedby", "©dir": "director",
    "©wrk": "work", "©mvn": "movement", "©mvi": "movementnumber", "©mvc": "movementtotal", "cprt": "copyright",
    "sonm": "titlesort", "soar": "artistsort", "soal": "albumsort", "soaa": "albumartistsort", "soco": "composersort",
    "tmpo": "bpm", "trkn": "tracknumber", "disk": "discnumber", "cpil": "compilation",
}  # fmt: skip

ASF = {
    "Title": "title", "Author": "artist", "Copyright": "copyright", "Description": "comment",
    "WM/AlbumTitle": "album", "WM/AlbumArtist": "albumartist", "WM/AlbumArtistSortOrder": "albumartistsort",
    "WM/AlbumSortOrder": "albumsort", "WM/ArtistSortOrder": "artistsort", "WM/ARTISTS": "artists",
    "WM/AuthorURL": "website", "WM/Barcode": "barcode", "WM/BeatsPerMinute": "bpm", "WM/CatalogNo": "catalognumber",
    "WM/Composer": "composer", "WM/ComposerSortOrder": "composersort", "WM/Conductor": "conductor",
    "WM/ContentGroupDescription": "grouping", "WM/Director": "director", "WM/DJMixer": "djmixer",
    "WM/EncodedBy": "encodedby", "WM/EncodingSettings": "encodersettings", "WM/Engineer": "engineer",
    "WM/Genre": "genre", "WM/InitialKey": "key", "WM/IsCompilation": "compilation", "WM/ISRC": "isrc",
    "WM/Language": "language", "WM/Lyrics": "lyrics", "WM/Media": "media", "WM/Mixer": "mixer",
    "WM/ModifiedBy": "remixer", "WM/Mood": "mood", "WM/OriginalAlbumTitle": "originalalbum",
    "WM/OriginalArtist": "originalartist", "WM/OriginalFilename": "originalfilename",
    "WM/OriginalReleaseTime": "originaldate", "WM/OriginalReleaseYear": "originalyear", "WM/PartOfSet": "discnumber",
    "WM/Producer": "producer", "WM/Publisher": "label", "WM/Script": "script", "WM/SetSubTitle": "discsubtitle",
    "WM/SubTitle": "subtitle", "WM/TitleSortOrder": "titlesort", "WM/TrackNumber": "tracknumber", "WM/Work": "work",
    "WM/Writer": "lyricist", "WM/Year": "date",
}  # fmt: skip
"""ASF attributes; those of MusicBrainz and ReplayGain are called as free-text items, with ``/`` for the first space."""

RIFF_INFO = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"ICMT": "comment", b"ICOP": "copyright",
    b"IENC": "encodedby", b"IENG": "engineer", b"IGNR": "genre", b"ILNG": "language", b"IMED": "media",
    b"IMUS": "composer", b"IPRO": "producer", b"ICNT": "releasecountry", b"ICRD": "date", b"ITRK": "tracknumber",
    b"IPRT": "tracknumber", b"IWRI": "writer",
}  # fmt: skip
"""Items of a WAV file's ``LIST INFO`` chunk."""


def free_text(name: str) -> str | None:
    """Return the field for a free-text item's description, None when it is none of ours."""
    name = name.lower()
    field = FREE_TEXT.get(name, name)
    return field if field in FIELDS else None
