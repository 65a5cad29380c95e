"""Makes the part of examples/ that is not music: a film, an episode, photos, a disc with a cue sheet, a playlist.

Films and photos are the samples of tests/media under other names, the disc is one of examples/music:

    python tests/mixed/make.py
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SAMPLES = ROOT / "tests" / "media" / "samples"
FOLDERS = ("discs", "films", "photos", "series")
MOON = "films/Die Reise zum Mond (1902)"
FAUST = "series/Faust/Season 01"
ROMANCES = "Clara Schumann/Drei Romanzen, op. 21"

COPIES = {
    f"{MOON}/Die Reise zum Mond (1902) 1080p {{edition-Restored}}.mp4": SAMPLES / "clip.mp4",
    f"{MOON}/poster.jpg": SAMPLES / "grey.jpg",
    f"{FAUST}/Faust - S01E02 - Der Pakt.webm": SAMPLES / "clip.webm",
    "photos/2021/harbour.jpg": SAMPLES / "photo.jpg",
    "photos/2021/animation.gif": SAMPLES / "moving.gif",
    "photos/2021/night.png": SAMPLES / "photo.png",
    "discs/Clara Schumann - Drei Romanzen/disc.mp3": EXAMPLES / "music" / ROMANCES / "01 Romanze a-Moll.mp3",
    "discs/Clara Schumann - Drei Romanzen/cover.png": SAMPLES / "cover.png",
}
"""Path below examples/ → the file that is copied there."""

TEXTS = {
    f"{MOON}/Die Reise zum Mond (1902) 1080p {{edition-Restored}}.de.srt": """\
1
00:00:00,100 --> 00:00:00,400
Ist der Mond aus Käse?

2
00:00:00,500 --> 00:00:00,900
<i>Wir sehen es gleich.</i>
""",
    f"{MOON}/movie.nfo": """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie>
  <title>Die Reise zum Mond</title>
  <originaltitle>Le Voyage dans la Lune</originaltitle>
  <year>1902</year>
  <premiered>1902-09-01</premiered>
  <runtime>14</runtime>
  <plot>Sechs Gelehrte lassen sich auf den Mond schießen.</plot>
  <genre>Science-Fiction</genre>
  <genre>Stummfilm</genre>
  <director>Georges Méliès</director>
  <studio>Star-Film</studio>
  <uniqueid type="imdb" default="true">tt0000417</uniqueid>
  <uniqueid type="tmdb">775</uniqueid>
  <actor><name>Georges Méliès</name><role>Barbenfouillis</role></actor>
</movie>
""",
    f"{FAUST}/Faust - S01E02 - Der Pakt.nfo": """\
<episodedetails>
  <title>Der Pakt</title>
  <showtitle>Faust</showtitle>
  <season>1</season>
  <episode>2</episode>
  <aired>1926-10-14</aired>
</episodedetails>
""",
    f"{FAUST}/Faust - S01E02 - Der Pakt.en.forced.vtt": """\
WEBVTT
Language: en

00:00.000 --> 00:00.450
The pact
""",
    "discs/Clara Schumann - Drei Romanzen/disc.cue": """\
REM GENRE Klaviermusik
REM DATE 1855
PERFORMER "Clara Schumann"
TITLE "Drei Romanzen, op. 21"
FILE "disc.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Romanze a-Moll"
    PERFORMER "Clara Schumann"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Romanze F-Dur"
    PERFORMER "Clara Schumann"
    INDEX 00 00:00:30
    INDEX 01 00:00:37
""",
    "discs/Clara Schumann - Drei Romanzen/disc.lrc": """\
[ti:Romanze a-Moll]
[la:de]
[00:00.10]Es rauschen die Wasser,
[00:00.60]die Wolken vergehn
""",
    "piano.m3u8": f"""\
#EXTM3U
#PLAYLIST:Klavier
#EXTINF:1,Clara Schumann - Romanze a-Moll
music/{ROMANCES}/01 Romanze a-Moll.mp3
MUSIC\\Erik Satie\\gymnope\u0301dies\\1 Lent et douloureux.wv
../elsewhere.mp3
https://radio.example/piano
""",
}
"""Path below examples/ → the text that is written there."""


def main() -> None:
    """Make everything anew."""
    for folder in FOLDERS:
        shutil.rmtree(EXAMPLES / folder, ignore_errors=True)
    for path, source in COPIES.items():
        (EXAMPLES / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, EXAMPLES / path)
    for path, text in TEXTS.items():
        (EXAMPLES / path).parent.mkdir(parents=True, exist_ok=True)
        (EXAMPLES / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
