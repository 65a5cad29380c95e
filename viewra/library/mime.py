"""Which files a library is about: MIME types by extension, and by content for a file without one."""

from __future__ import annotations

_AUDIO = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aif": "audio/aiff",
    "aifc": "audio/aiff",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "ape": "audio/x-ape",
    "au": "audio/basic",
    "caf": "audio/x-caf",
    "dff": "audio/x-dff",
    "dsf": "audio/x-dsf",
    "dts": "audio/vnd.dts",
    "eac3": "audio/eac3",
    "flac": "audio/flac",
    "it": "audio/x-it",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "m4r": "audio/mp4",
    "mid": "audio/midi",
    "midi": "audio/midi",
    "mka": "audio/x-matroska",
    "mod": "audio/x-mod",
    "mp+": "audio/x-musepack",
    "mp2": "audio/mpeg",
    "mp3": "audio/mpeg",
    "mpc": "audio/x-musepack",
    "mpga": "audio/mpeg",
    "mpp": "audio/x-musepack",
    "oga": "audio/ogg",
    "ofr": "audio/x-optimfrog",
    "ogg": "audio/ogg",
    "opus": "audio/opus",
    "ra": "audio/x-realaudio",
    "s3m": "audio/x-s3m",
    "snd": "audio/basic",
    "spx": "audio/x-speex",
    "tak": "audio/x-tak",
    "tta": "audio/x-tta",
    "w64": "audio/x-w64",
    "wav": "audio/wav",
    "wave": "audio/wav",
    "weba": "audio/webm",
    "wma": "audio/x-ms-wma",
    "wv": "audio/x-wavpack",
    "xm": "audio/x-xm",
}
_VIDEO = {
    "3g2": "video/3gpp2",
    "3gp": "video/3gpp",
    "asf": "video/x-ms-asf",
    "avi": "video/x-msvideo",
    "divx": "video/x-msvideo",
    "f4v": "video/x-f4v",
    "flv": "video/x-flv",
    "m2ts": "video/mp2t",
    "m4v": "video/x-m4v",
    "mk3d": "video/x-matroska",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpe": "video/mpeg",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "mts": "video/mp2t",
    "mxf": "application/mxf",
    "ogv": "video/ogg",
    "qt": "video/quicktime",
    "rm": "application/vnd.rn-realmedia",
    "rmvb": "application/vnd.rn-realmedia-vbr",
    "ts": "video/mp2t",
    "vob": "video/mpeg",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}
_BESIDE = {
    "ass": "text/x-ssa",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "cue": "application/x-cue",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "jxl": "image/jxl",
    "lrc": "text/x-lrc",
    "nfo": "text/x-nfo",
    "png": "image/png",
    "srt": "application/x-subrip",
    "ssa": "text/x-ssa",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "vtt": "text/vtt",
    "webp": "image/webp",
}
"""What lies beside audio and video; in the library only when a plugin wants it."""

_BY_EXTENSION = {name.encode(): kind for name, kind in (_AUDIO | _VIDEO | _BESIDE).items()}
_ALWAYS = frozenset(_AUDIO.values()) | frozenset(_VIDEO.values())

SNIFFED_BYTES = 8192
"""How much of a file's beginning ``sniff`` looks at."""


def by_name(name: bytes) -> str | None:
    """The MIME type that a file name tells; ``""``: only the content can tell; None: of no interest."""
    dot = name.rfind(b".")
    if dot <= 0:  # none, or only the one that hides it
        return ""
    # "._x.mp3" is where macOS keeps a file's attributes on a disk that has none; it is no audio.
    return None if name.startswith(b"._") else _BY_EXTENSION.get(name[dot + 1 :].lower())


def sniff(head: bytes) -> str:
    """The MIME type that a file's first bytes tell, ``""`` when they tell none."""
    import filetype  # type: ignore[import-untyped]  # only needed for the rare file without an extension

    kind = filetype.guess(head)
    return kind.mime if kind is not None else ""


def always_media(mime_type: str) -> bool:
    """Whether a type is audio or video: in the library even when no plugin reads it."""
    return mime_type in _ALWAYS or mime_type.startswith(("audio/", "video/"))
