"""Makes the sample audio files: the good ones in examples/music, the malformed ones in tests/audio/malformed.

They are kept in the repository, so that only who changes them needs the encoders (Debian's names):

    apt-get install ffmpeg musepack-tools wavpack
    python -m tests.audio.make

Every good file is decoded with ffmpeg before it is kept. ``expected.json`` says what a reader must find in each: the
fields as ``samples.py`` has them, several values as a list, and the duration that ffmpeg decoded, in seconds.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mutagen import id3
from mutagen.mp3 import MP3

from tests.audio import encode, tagging
from tests.audio.damage import malformed
from tests.audio.samples import SAMPLES, Sample

HERE = Path(__file__).parent
MUSIC = HERE.parents[1] / "examples" / "music"


def tag(sample: Sample, path: Path) -> None:
    """Write the sample's tags, in the way its twist asks for."""
    picture = tagging.png() if sample.picture else None
    match sample.twist:
        case "riff_info":
            tagging.append_riff_info(path, sample.fields)
        case "id3v23":
            file = MP3(str(path))
            file.add_tags()
            for frame in tagging.frames(sample.fields, picture):
                file.tags.add(frame)
            file.tags.update_to_v23()
            file.save(v1=id3.ID3v1SaveOptions.CREATE, v2_version=3, v23_sep="; ", padding=tagging.no_padding)
        case "ape_gain":
            gains = {name: values for name, values in sample.fields.items() if name.startswith("replaygain_")}
            rest = {name: values for name, values in sample.fields.items() if name not in gains}
            tagging.tag_id3(MP3(str(path)), rest, picture, padding=tagging.no_padding)
            tagging.append_ape(path, gains, None)
        case _ if sample.encoder == "mp3":
            tagging.tag_id3(MP3(str(path)), sample.fields, picture, padding=tagging.no_padding)
        case _:
            tagging.write(sample.encoder, path, sample.fields, picture)


def expected(sample: Sample, seconds: float) -> dict[str, object]:
    """Return what a reader must find in the file of ``sample``."""
    fields: dict[str, str | list[str]] = {}
    for name, values in sample.fields.items():
        joined = sample.twist == "id3v23" and name not in {"artists", "genre"}  # such a tag has one value each
        fields[name] = "; ".join(values) if joined else values[0] if len(values) == 1 else list(values)
    fields |= {"codec": sample.codec, "sample_rate": str(sample.rate), "has_picture": str(sample.picture).lower()}
    fields["channels"] = str(sample.channels)
    if sample.bits:
        fields["bits_per_sample"] = str(sample.bits)
    return {"fields": dict(sorted(fields.items())), "duration": round(seconds, 3)}


def main() -> None:
    """Make everything anew."""
    shutil.rmtree(MUSIC, ignore_errors=True)
    manifest: dict[str, object] = {}
    good: dict[str, bytes] = {}
    for sample in SAMPLES:
        path = MUSIC / sample.path
        encode.make(sample.encoder, path, sample.notes, sample.rate, sample.channels, sample.seconds)
        tag(sample, path)
        manifest[str(sample.path)] = expected(sample, encode.decoded_seconds(path))
        good.setdefault(path.suffix[1:], path.read_bytes())
    (HERE / "expected.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (HERE / "malformed").mkdir(exist_ok=True)
    for name, content in malformed(good).items():
        (HERE / "malformed" / name).write_bytes(content)
    total = sum(path.stat().st_size for path in MUSIC.rglob("*.*") if path.is_file())
    print(f"{len(SAMPLES)} samples, {total:,} bytes")


if __name__ == "__main__":
    main()
