"""File name extensions of media files and sidecar files, with their MIME types.

They are those that common media servers and taggers support. A type is the one registered at IANA if there is one, else
the most common name.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class Doubtful:
    """An ambiguous extension: its ``possible`` types, and the ``usual`` one of most files.

    ``needs_proof``: other files than media have the extension, too, so the content must show that a file is media.
    """

    usual: str
    possible: frozenset[str]
    needs_proof: bool


def _doubtful(usual: str, *others: str, needs_proof: bool = False) -> Doubtful:
    return Doubtful(usual, frozenset({usual, *others}), needs_proof)


def _table(text: str) -> dict[str, str]:
    """``type: extension extension``, one line per type."""
    lines = (line.split(": ") for line in text.strip().splitlines())
    return {extension: kind.strip() for kind, extensions in lines for extension in extensions.split()}


AUDIO = _table("""
audio/aac: aac adts
audio/ac3: ac3
audio/ac4: ac4
audio/aiff: aif aifc aiff
audio/amr: amr
audio/amr-wb: awb
audio/basic: au snd
audio/eac3: eac3 ec3
audio/flac: flac fla
audio/midi: mid midi kar rmi
audio/mp4: m4a m4b m4p m4r
audio/mp4a-latm: latm loas
audio/mpeg: mp1 mp2 mp3 mpa mpga m1a m2a
audio/ogg: oga mogg
audio/opus: opus
audio/vnd.audible.aax: aax aaxc
audio/vnd.dts: dts
audio/vnd.dts.hd: dtshd
audio/wav: wav wave
audio/webm: weba
audio/x-adx: adx
audio/x-ape: ape apl
audio/x-audible: aa
audio/x-ay: ay
audio/x-caf: caf
audio/x-dff: dff
audio/x-dsf: dsf
audio/x-gbs: gbs
audio/x-gsm: gsm
audio/x-gym: gym
audio/x-hes: hes
audio/x-imf: imf
audio/x-kss: kss
audio/x-la: la
audio/x-matroska: mka
audio/x-mmf: mmf
audio/x-mod: mo3 mtm umx
audio/x-mlp: mlp
audio/x-musepack: mp+ mpc mpp
audio/x-ms-wma: wma
audio/x-nsf: nsf nsfe
audio/x-optimfrog: ofr ofs
audio/x-psf: psf psf2 minipsf minipsf2
audio/x-realaudio: ra rma
audio/x-rf64: rf64 bwf
audio/x-s3m: s3m
audio/x-shorten: shn
audio/x-sid: psid
audio/x-speex: spx
audio/x-spc: spc
audio/x-tak: tak
audio/x-truehd: thd truehd
audio/x-tta: tta
audio/x-vgm: vgm vgz
audio/x-voc: voc
audio/x-vox: vox
audio/x-w64: w64
audio/x-wavpack: wv
audio/x-xm: xm
""")

VIDEO = _table("""
application/mxf: mxf
application/vnd.rn-realmedia-vbr: rmvb
video/3gpp: 3gp 3gpp
video/3gpp2: 3g2 3gp2
video/dv: dv dif
video/mp4: mp4 mp4v mpg4
video/mpeg: m1v m2v mpe mpeg mpg mpv vob evo
video/ogg: ogv ogm
video/quicktime: mov qt
video/webm: webm
video/x-avs2: avs2
video/x-bink: bik bk2
video/x-f4v: f4v
video/x-flic: flc fli
video/x-flv: flv
video/x-h264: h264 264 avc
video/x-h265: h265 265 hevc
video/x-ivf: ivf
video/x-m4v: m4v
video/x-matroska: mkv mk3d
video/x-mjpeg: mjpg mjpeg
video/x-ms-wmv: wmv
video/x-ms-wtv: wtv dvr-ms
video/x-msvideo: avi divx xvid
video/x-nsv: nsv
video/x-nuv: nuv
video/x-ogm: ogx
video/x-smv: smk
video/x-vc1: vc1
video/x-viv: viv vivo
video/x-y4m: y4m
""")

BESIDE = _table("""
application/dash+xml: mpd
application/pgs: sup
application/smil+xml: smil
application/ttml+xml: ttml dfxp
application/vnd.ms-wpl: wpl
application/x-mpegurl-asx: asx wax wvx
application/x-subrip: srt
application/xspf+xml: xspf
audio/x-mpegurl: m3u m3u8
audio/x-scpls: pls
image/apng: apng
image/avif: avif avifs
image/bmp: bmp dib
image/gif: gif
image/heic: heic heics
image/heif: heif heifs hif
image/jp2: jp2 j2k jpf jpx jpm
image/jpeg: jfif jpe jpeg jpg tbn
image/jxl: jxl
image/png: png
image/svg+xml: svg svgz
image/tiff: tif tiff
image/vnd.adobe.photoshop: psd
image/webp: webp
image/x-adobe-dng: dng
image/x-canon-cr2: cr2
image/x-canon-cr3: cr3
image/x-fuji-raf: raf
image/x-icon: ico
image/x-nikon-nef: nef
image/x-olympus-orf: orf
image/x-panasonic-rw2: rw2
image/x-pcx: pcx
image/x-portable-anymap: pbm pgm pnm ppm
image/x-sony-arw: arw
image/x-tga: tga
text/vtt: vtt
text/x-aqtitle: aqt
text/x-jacosub: jss
text/x-lrc: lrc elrc
text/x-nfo: nfo
text/x-realtext: rt
text/x-sami: sami smi
text/x-sbv: sbv
text/x-scc: scc
text/x-ssa: ass ssa
text/x-usf: usf
video/x-matroska-subtitles: mks
""")
"""Sidecar files of audio and video, which are in the library only if a plugin reads them."""

_TS = "video/mp2t"
_PROGRAM = "video/mpeg"
_OGG = ("audio/ogg", "audio/opus", "audio/x-speex", "video/ogg")
_REAL = "application/vnd.rn-realmedia"

DOUBTFUL = {
    "ts": _doubtful(_TS, needs_proof=True),  # TypeScript, Qt's translations
    "mts": _doubtful(_TS, needs_proof=True),  # modules of TypeScript
    "m2t": _doubtful(_TS),
    "m2ts": _doubtful(_TS),
    "tp": _doubtful(_TS, needs_proof=True),
    "trp": _doubtful(_TS, needs_proof=True),
    "tod": _doubtful(_TS, _PROGRAM, needs_proof=True),
    "rec": _doubtful(_TS, _PROGRAM, needs_proof=True),
    "vdr": _doubtful(_PROGRAM, _TS, needs_proof=True),
    "dat": _doubtful(_PROGRAM, "video/x-vcd", needs_proof=True),  # usually data of other programs; on a Video CD, video
    "pva": _doubtful("video/x-pva", needs_proof=True),
    "mod": _doubtful("audio/x-mod", _PROGRAM, _TS, needs_proof=True),  # of cameras; Go's modules
    "it": _doubtful("audio/x-it", needs_proof=True),
    "stm": _doubtful("audio/x-stm", needs_proof=True),
    "med": _doubtful("audio/x-med", needs_proof=True),
    "far": _doubtful("audio/x-far", needs_proof=True),
    "669": _doubtful("audio/x-669", needs_proof=True),
    "sid": _doubtful("audio/x-sid", needs_proof=True),
    "ogg": _doubtful(*_OGG),
    "rm": _doubtful(_REAL, "audio/x-realaudio"),
    "ram": _doubtful("audio/x-pn-realaudio", _REAL, needs_proof=True),
    "asf": _doubtful("video/x-ms-asf"),
    "sub": _doubtful("text/x-microdvd", "application/x-vobsub", needs_proof=True),
    "idx": _doubtful("text/x-vobsub-index", needs_proof=True),
    "cue": _doubtful("application/x-cue", needs_proof=True),  # cue sheets; files in the language CUE
    "stl": _doubtful("application/x-ebu-stl", needs_proof=True),  # subtitles; bodies for printers
}
"""Extensions for which the content decides the type, or whether the file is media at all."""
