"""Lists the names and forms of all fields; docs/vocabulary.md describes them.

The names are the internal ones of MusicBrainz Picard (its documentation, Appendix B: Tag Mapping).
"""

from __future__ import annotations

FORM = {
    **dict.fromkeys((
        "title", "titlesort", "subtitle", "artist", "artists", "artistsort", "album", "albumsort", "albumartist",
        "albumartistsort", "discsubtitle", "genre", "composer", "composersort", "lyricist", "writer", "conductor",
        "performer", "arranger", "producer", "engineer", "mixer", "djmixer", "remixer", "director", "work", "movement",
        "grouping", "label", "catalognumber", "barcode", "asin", "media", "releasetype", "releasestatus",
        "releasecountry", "copyright", "license", "website", "key", "mood", "encodedby", "encodersettings",
        "originalartist", "originalalbum", "originalfilename",
    ), "text"),
    "comment": "lines", "lyrics": "lines",
    "tracknumber": "position", "totaltracks": "number", "discnumber": "number", "totaldiscs": "number",
    "movementnumber": "number", "movementtotal": "number",
    "date": "date", "originaldate": "date", "originalyear": "year",
    "compilation": "flag", "bpm": "bpm", "isrc": "isrc", "language": "language", "script": "script",
    "replaygain_track_gain": "decibel", "replaygain_track_peak": "peak", "replaygain_track_range": "decibel",
    "replaygain_album_gain": "decibel", "replaygain_album_peak": "peak", "replaygain_album_range": "decibel",
    "replaygain_reference_loudness": "loudness", "r128_track_gain": "q78", "r128_album_gain": "q78",
    **dict.fromkeys((
        "musicbrainz_recordingid", "musicbrainz_trackid", "musicbrainz_albumid", "musicbrainz_artistid",
        "musicbrainz_albumartistid", "musicbrainz_releasegroupid", "musicbrainz_workid",
        "musicbrainz_originalalbumid", "musicbrainz_originalartistid", "acoustid_id",
    ), "uuid"),
    "musicbrainz_discid": "discid",
}  # fmt: skip
"""Fields that come from tags, each with the form of its values. What a file has beyond them is left out."""

FIELDS = frozenset(FORM)

STREAM_FIELDS = frozenset({
    "codec", "duration", "bitrate", "sample_rate", "channels", "bits_per_sample", "has_picture", "warning",
})  # fmt: skip
"""Fields that come from the audio itself, and from reading it."""

ONE_VALUE = frozenset({"date", "year", "number", "position", "bpm", "decibel", "loudness", "peak", "q78", "flag"})
"""Forms of which a field has one value: of several the first counts."""

SINGLE = frozenset(field for field, form in FORM.items() if form in ONE_VALUE)
"""Fields that have one value."""

TOTALS = {"tracknumber": "totaltracks", "discnumber": "totaldiscs", "movementnumber": "movementtotal"}
"""Numbers that may be written with their total, as ``3/12``, and the field where the total belongs."""
