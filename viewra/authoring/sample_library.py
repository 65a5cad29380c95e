"""Writes the sample library: a few tiny files of each common kind, with tags, and the files that lie beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from viewra.authoring import sample_files

_SATIE = "Music/Erik Satie/Gymnopédies"
_FILM = "Films/Die Reise zum Mond (1902)"


def _tagged(title: str, track: int, names: str) -> dict[str, str]:
    """The same tags by the names that a format has for title, artist, album and track."""
    return dict(zip(names.split(), (title, "Erik Satie", "Gymnopédies", str(track)), strict=True))


_BINARY: Mapping[str, Callable[[], bytes]] = {
    f"{_SATIE}/Erik Satie - Lent et douloureux.wav": lambda: sample_files.wav(
        _tagged("Lent et douloureux", 1, "INAM IART IPRD ITRK")
    ),
    f"{_SATIE}/Erik Satie - Lent et triste.mp3": lambda: sample_files.mp3(
        _tagged("Lent et triste", 2, "TIT2 TPE1 TALB TRCK")
    ),
    f"{_SATIE}/Erik Satie - Lent et grave.flac": lambda: sample_files.flac(
        _tagged("Lent et grave", 3, "TITLE ARTIST ALBUM TRACKNUMBER")
    ),
    f"{_SATIE}/cover.png": sample_files.png,
    f"{_FILM}/Die Reise zum Mond (1902).avi": sample_files.avi,
    "Photos/harbour.jpg": sample_files.jpeg,
}
_TEXTS: Mapping[str, str] = {
    f"{_SATIE}/Erik Satie - Lent et triste.lrc": "[ti:Lent et triste]\n[00:00.00]la\n[00:00.05]la la\n",
    f"{_SATIE}/Gymnopédies.m3u8": ("#EXTM3U\nErik Satie - Lent et douloureux.wav\nErik Satie - Lent et triste.mp3\n"),
    f"{_FILM}/Die Reise zum Mond (1902).de.srt": "1\n00:00:00,000 --> 00:00:01,000\nZum Mond!\n",
    f"{_FILM}/Die Reise zum Mond (1902).nfo": (
        "<movie><title>Die Reise zum Mond</title><year>1902</year><director>Georges Méliès</director></movie>\n"
    ),
}


def write_sample_library(folder: Path) -> list[Path]:
    """Write the library into a folder, which is created; gives its files in order. Raises OSError."""
    contents = {name: make() for name, make in _BINARY.items()} | {name: text.encode() for name, text in _TEXTS.items()}
    for name, content in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return sorted(folder / name for name in contents)
