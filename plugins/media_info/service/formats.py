"""Lists the formats that the plugin reads: libav's demuxers, MIME types and extensions."""

from __future__ import annotations

DEMUXERS = frozenset({
    "matroska", "webm", "mov", "mp4", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "asf", "mxf", "ogg", "rm", "dv",
    "loas", "wav", "w64", "aiff", "caf", "au", "mp3", "aac", "ac3", "ac4", "eac3", "dts", "dtshd", "truehd", "mlp",
    "flac", "ape", "wv", "tta", "tak", "mpc", "mpc8", "dsf", "iff", "amr", "amrnb", "amrwb",
})  # fmt: skip
"""The plugin refuses all others: playlists would open other files and addresses; subtitles are not media."""

CONTAINERS = {
    "matroska,webm": "matroska", "mov,mp4,m4a,3gp,3g2,mj2": "mp4", "mpeg": "mpegps", "wv": "wavpack",
    "mpc": "musepack", "mpc8": "musepack", "rm": "realmedia", "aac": "adts",
}  # fmt: skip
"""The names of containers where libav's name for its demuxer is not the format's own."""

EXTENSIONS = (
    ".mkv", ".mk3d", ".mka", ".webm", ".weba", ".mp4", ".m4v", ".m4a", ".m4b", ".m4r", ".mov", ".qt", ".3gp", ".3g2",
    ".f4v", ".avi", ".divx", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".mpe", ".vob", ".flv", ".asf", ".wmv", ".wma",
    ".mxf", ".ogg", ".oga", ".ogv", ".opus", ".spx", ".rm", ".rmvb", ".ra", ".wav", ".wave", ".w64", ".rf64", ".aif",
    ".aiff", ".aifc", ".caf", ".au", ".snd", ".mp3", ".mp2", ".mpga", ".aac", ".ac3", ".eac3", ".ec3", ".dts", ".thd",
    ".flac", ".ape", ".wv", ".tta", ".tak", ".mpc", ".mp+", ".mpp", ".dsf", ".dff", ".amr",
)  # fmt: skip
"""Endings of names, in lower case and with their dot."""

MIME_TYPES = frozenset({
    "application/mxf", "application/ogg", "application/vnd.rn-realmedia", "application/vnd.rn-realmedia-vbr",
    "application/vnd.ms-asf",
    "audio/3gpp", "audio/3gpp2", "audio/aac", "audio/aacp", "audio/ac3", "audio/ac4", "audio/aiff", "audio/amr",
    "audio/ape", "audio/basic", "audio/dsd", "audio/dsf", "audio/eac3", "audio/flac", "audio/m4a", "audio/mp2",
    "audio/mp3", "audio/mp4", "audio/mp4a-latm", "audio/mpeg", "audio/musepack", "audio/ogg", "audio/opus",
    "audio/speex", "audio/tta", "audio/vnd.dlna.adts", "audio/vnd.dolby.mlp", "audio/vnd.dts", "audio/vnd.dts.hd",
    "audio/vnd.wave", "audio/vorbis", "audio/wav", "audio/wave", "audio/wavpack", "audio/webm",
    "audio/x-aac", "audio/x-aiff", "audio/x-aifc", "audio/x-ape", "audio/x-caf", "audio/x-dff", "audio/x-dsd",
    "audio/x-dsf", "audio/x-flac", "audio/x-flac+ogg", "audio/x-m4a", "audio/x-m4b", "audio/x-m4r",
    "audio/x-matroska", "audio/x-monkeys-audio", "audio/x-mp3", "audio/x-mpc", "audio/x-mpeg", "audio/x-ms-asf",
    "audio/x-ms-wma", "audio/x-musepack", "audio/x-ogg", "audio/x-opus+ogg", "audio/x-realaudio", "audio/x-speex",
    "audio/x-speex+ogg", "audio/x-tak", "audio/x-tta", "audio/x-vorbis", "audio/x-vorbis+ogg", "audio/x-w64",
    "audio/x-wav", "audio/x-wavpack",
})  # fmt: skip
"""Each format has several names; hosts do not agree on one. All of ``video/`` comes besides."""


def container_name(demuxer: str, brand: str, head: bytes) -> str:
    """Return the container's name by libav's demuxer, an MP4's major brand and the file's first bytes."""
    if demuxer == "matroska,webm":
        return "webm" if b"\x42\x82\x84webm" in head else "matroska"
    if demuxer.startswith("mov,") and brand.startswith("qt"):
        return "mov"
    if demuxer.startswith("mov,") and brand.startswith("3g"):
        return "3gp"
    if demuxer == "iff" and head.startswith(b"FRM8"):
        return "dsdiff"
    return CONTAINERS.get(demuxer, demuxer)
