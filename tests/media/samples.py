"""The media samples: what each is made of, and the fields that a reader must find in it beside durations and rates."""

from __future__ import annotations

from fractions import Fraction

from tests.media.encode import Audio, Clip, Subtitle, Video

Fields = dict[str, str | list[str]]

FILM_RATE, TV_RATE = Fraction(24_000, 1001), Fraction(30_000, 1001)
QUIET = {"x265-params": "log-level=none"}
BT2020 = {"color_primaries": 9, "colorspace": 9}
H264: Fields = {
    "video_codec": "h264",
    "video_profile": "High",
    "width": "64",
    "height": "36",
    "pixel_format": "yuv420p",
}
PROGRESSIVE: Fields = {"video_bit_depth": "8", "scan_type": "progressive"}
AAC: Fields = {"codec": "aac", "audio_profile": "LC"}
HDR: Fields = {
    "video_codec": "hevc", "video_profile": "Main 10", "width": "64", "height": "36", "pixel_format": "yuv420p10le",
    "video_bit_depth": "10", "color_primaries": "bt2020", "color_space": "bt2020nc",
}  # fmt: skip


def pcm(codec: str, rate: int = 8000) -> Audio:
    """An uncompressed stream with one channel, to keep the file small."""
    return Audio(codec, "mono", rate)


def sound(rate: int, channels: int, layout: str = "", bits: int = 0) -> Fields:
    """The fields of an audio stream."""
    fields: Fields = {"sample_rate": str(rate), "channels": str(channels)}
    fields |= {"channel_layout": layout} if layout else {}
    return fields | ({"bits_per_sample": str(bits)} if bits else {})


STEREO = sound(48_000, 2, "stereo")

SAMPLES: tuple[tuple[Clip, Fields], ...] = (
    (
        Clip(
            "film.mkv",
            Video("libx264", rate=FILM_RATE),
            [Audio("aac", language="eng"), Audio("ac3", "5.1(side)", language="ger", bitrate=192_000)],
            [Subtitle(language="eng"), Subtitle(language="ger", forced=True), Subtitle()],
            ["Opening", "Das Ende; gut"],
            [("font.ttf", "font/ttf", b"no font")],
            metadata={"title": "Die Reise  zum Mond"},
            seconds=0.5,
        ),
        H264 | PROGRESSIVE | AAC | STEREO | {
            "container": "matroska", "frame_rate": "23.976", "title": "Die Reise zum Mond",
            "audio_codecs": ["aac", "ac3"], "audio_languages": ["eng", "deu"],
            "subtitle_codecs": "srt", "subtitle_languages": ["eng", "deu"],
            "forced_subtitle_languages": "deu", "chapters": ["0.000 Opening", "0.250 Das Ende; gut"],
            "attachments": "font.ttf",
        },
    ),
    (
        Clip("hdr.mp4", Video("libx265", rate=FILM_RATE, pix_fmt="yuv420p10le", options=QUIET,
                              attributes=BT2020 | {"color_trc": 16}), seconds=0.5),
        HDR | {"container": "mp4", "frame_rate": "23.976", "color_transfer": "smpte2084", "hdr": "PQ"},
    ),
    (
        Clip("hlg.mkv", Video("libx265", rate=Fraction(50), pix_fmt="yuv420p10le", options=QUIET,
                              attributes=BT2020 | {"color_trc": 18}), seconds=0.5),
        HDR | {"container": "matroska", "frame_rate": "50", "color_transfer": "arib-std-b67", "hdr": "HLG"},
    ),
    (
        Clip("clip.webm", Video("libvpx-vp9", rate=Fraction(30)), [Audio("libopus", "mono")], seconds=0.5),
        sound(48_000, 1, "mono") | {
            "container": "webm", "video_codec": "vp9", "video_profile": "Profile 0", "width": "64", "height": "36",
            "pixel_format": "yuv420p", "video_bit_depth": "8", "frame_rate": "30", "codec": "opus",
        },
    ),
    (
        Clip("clip.mp4", Video("libx264", rate=TV_RATE), [Audio("aac", language="jpn")],
             chapters=["Eins", "Zwei"], seconds=1.001),
        H264 | PROGRESSIVE | AAC | STEREO | {
            "container": "mp4", "frame_rate": "29.97", "audio_languages": "jpn",
            "chapters": ["0.000 Eins", "0.500 Zwei"],
        },
    ),
    (
        Clip("pieces.mp4", Video("libx264"), [Audio("aac")], seconds=0.5,
             options={"movflags": "frag_keyframe+empty_moov"}),
        H264 | PROGRESSIVE | AAC | STEREO | {"container": "mp4", "frame_rate": "25"},
    ),
    (
        Clip("uneven.mp4", Video("libx264", pauses=True)),
        H264 | PROGRESSIVE | {"container": "mp4"},
    ),
    (
        Clip("book.m4b", None, [Audio("aac", "mono", 44_100)], chapters=["Erstes Kapitel", "Zweites Kapitel"],
             muxer="ipod"),
        AAC | sound(44_100, 1, "mono") | {
            "container": "mp4", "chapters": ["0.000 Erstes Kapitel", "0.500 Zweites Kapitel"],
        },
    ),
    (
        Clip("clip.mov", Video("prores", pix_fmt="yuv422p10le"), [pcm("pcm_s24le")], seconds=0.2),
        sound(8000, 1, "mono", 24) | {
            "container": "mov", "video_codec": "prores", "video_profile": "Standard", "width": "64", "height": "36",
            "pixel_format": "yuv422p10le", "video_bit_depth": "10", "frame_rate": "25", "scan_type": "progressive",
            "codec": "pcm",
        },
    ),
    (
        Clip("old.avi", Video("mpeg4"), [Audio("libmp3lame", rate=44_100)], seconds=0.5),
        sound(44_100, 2, "stereo") | {
            "container": "avi", "video_codec": "mpeg4", "video_profile": "Simple Profile", "width": "64",
            "height": "36", "aspect_ratio": "1.778", "pixel_format": "yuv420p", "video_bit_depth": "8",
            "frame_rate": "25", "codec": "mp3",
        },
    ),
    (
        Clip("tv.ts", Video("mpeg2video", options={"flags": "+ildct+ilme", "top": "1"}),
             [Audio("mp2", language="fra", bitrate=64_000)]),
        STEREO | {
            "container": "mpegts", "video_codec": "mpeg2video", "video_profile": "Main", "width": "64",
            "height": "36", "aspect_ratio": "1.778", "pixel_format": "yuv420p", "video_bit_depth": "8",
            "scan_type": "interlaced", "frame_rate": "25", "codec": "mp2", "audio_languages": "fra",
        },
    ),
    (
        Clip("disc.mpg", Video("mpeg2video"), [Audio("mp2", bitrate=128_000)], seconds=2),
        STEREO | {
            "container": "mpegps", "video_codec": "mpeg2video", "video_profile": "Main", "width": "64",
            "height": "36", "aspect_ratio": "1.778", "pixel_format": "yuv420p", "video_bit_depth": "8",
            "frame_rate": "25", "scan_type": "progressive", "codec": "mp2",
        },
    ),
    (
        Clip("old.flv", Video("flv1"), [Audio("libmp3lame", rate=44_100)], seconds=0.5),
        sound(44_100, 2, "stereo") | {
            "container": "flv", "video_codec": "flv1", "width": "64", "height": "36", "pixel_format": "yuv420p",
            "video_bit_depth": "8", "frame_rate": "25", "codec": "mp3",
        },
    ),
    (
        Clip("old.wmv", Video("wmv2"), [Audio("wmav2", rate=44_100, bitrate=96_000)], seconds=0.5),
        sound(44_100, 2) | {
            "container": "asf", "video_codec": "wmv2", "width": "64", "height": "36", "pixel_format": "yuv420p",
            "video_bit_depth": "8", "frame_rate": "25", "codec": "wma",
        },
    ),
    (
        Clip("live.mkv", Video("libx264"), [Audio("aac")], seconds=0.5, options={"live": "1"}),
        H264 | PROGRESSIVE | AAC | STEREO | {"container": "matroska", "frame_rate": "25"},
    ),
    (
        Clip("new.mp4", Video("libsvtav1", size=(64, 64), pix_fmt="yuv420p10le"), seconds=0.5),
        {
            "container": "mp4", "video_codec": "av1", "video_profile": "Main", "width": "64", "height": "64",
            "aspect_ratio": "1.000", "pixel_format": "yuv420p10le", "video_bit_depth": "10", "frame_rate": "25",
        },
    ),
    (
        Clip("music.mka", None, [Audio("flac", "mono", 96_000, "s32", "lat")], seconds=0.5,
             metadata={"title": "left to readers of tags"}),
        sound(96_000, 1, "mono", 24) | {"container": "matroska", "codec": "flac", "audio_languages": "lat"},
    ),
    (
        Clip("sound.caf", None, [Audio("alac", "mono", 44_100, "s16p")], seconds=0.5),
        sound(44_100, 1, "mono", 16) | {"container": "caf", "codec": "alac"},
    ),
    (Clip("tone.au", None, [pcm("pcm_s16be")]), sound(8000, 1, "", 16) | {"container": "au", "codec": "pcm"}),
    (Clip("law.au", None, [pcm("pcm_mulaw")]), sound(8000, 1) | {"container": "au", "codec": "mulaw"}),
    (Clip("tone.w64", None, [pcm("pcm_s24le")]), sound(8000, 1, "mono", 24) | {"container": "w64", "codec": "pcm"}),
    (Clip("tone.wav", None, [pcm("pcm_f32le")]), sound(8000, 1, "", 32) | {"container": "wav", "codec": "pcm"}),
    (Clip("tone.aiff", None, [pcm("pcm_s16be")]), sound(8000, 1, "", 16) | {"container": "aiff", "codec": "pcm"}),
    (
        Clip("tone.ac3", None, [Audio("ac3", "5.1(side)", bitrate=192_000)], seconds=0.5),
        sound(48_000, 6, "5.1(side)") | {"container": "ac3", "codec": "ac3"},
    ),
    (
        Clip("tone.eac3", None, [Audio("eac3", "5.1(side)", bitrate=192_000)], seconds=0.5),
        sound(48_000, 6, "5.1(side)") | {"container": "eac3", "codec": "eac3"},
    ),
    (
        Clip("tone.aac", None, [Audio("aac", "mono")], muxer="adts"),
        AAC | sound(48_000, 1, "mono") | {"container": "adts"},
    ),
    (
        Clip("bare.mp3", None, [Audio("libmp3lame", "mono", options={"compression_level": "7"}, bitrate=64_000)],
             options={"write_xing": "0"}),
        sound(48_000, 1, "mono") | {"container": "mp3", "codec": "mp3"},
    ),
    (
        Clip("tone.mp3", None, [Audio("libmp3lame", "mono", bitrate=64_000)], seconds=2),
        sound(48_000, 1, "mono") | {"container": "mp3", "codec": "mp3"},
    ),
    (
        Clip("tone.flac", None, [Audio("flac", "mono", 44_100)]),
        sound(44_100, 1, "mono", 16) | {"container": "flac", "codec": "flac"},
    ),
    (
        Clip("tone.opus", None, [Audio("libopus", "mono")]),
        sound(48_000, 1, "mono") | {"container": "ogg", "codec": "opus"},
    ),
    (
        Clip("tone.tta", None, [Audio("tta", "mono", 44_100)], seconds=0.5),
        sound(44_100, 1) | {"container": "tta", "codec": "tta"},
    ),
    (
        Clip("tone.wv", None, [Audio("wavpack", "mono", 44_100, "s16p")], seconds=0.5),
        sound(44_100, 1, "mono") | {"container": "wavpack", "codec": "wavpack"},
    ),
)  # fmt: skip

SECONDS: dict[str, float | None] = {"live.mkv": None, "uneven.mp4": 2.15}
"""The durations of those that are not as long as their clip says; None for none."""
