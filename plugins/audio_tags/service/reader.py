"""Reads one file: finds its format, has mutagen parse it, and puts the fields together."""

from __future__ import annotations

import errno
from typing import Any

from mutagen import MutagenError
from mutagen.apev2 import APEv2

from . import riff, stream, values
from .formats import AAC, MP3, WAV, Format, detect
from .source import AudioFileError, Source, open_source
from .tags import APE, TagKind


def read(path: str) -> dict[str, str]:
    """Return all fields of the audio file at ``path``; a field that the file does not have is absent.

    Raises ``AudioFileError`` for whatever is wrong with the file, and nothing else.
    """
    with open_source(path) as source:
        name = "audio"
        try:
            form = detect(source, path)
            name = form.name
            return _fields(form, source)
        except AudioFileError:
            raise
        except OSError as error:
            if error.errno == errno.EINVAL:  # a parser was sent to before the beginning
                raise AudioFileError(f"not a valid {name} file: it points outside of itself") from error
            raise AudioFileError(f"cannot be read: {error.strerror or error}") from error
        except Exception as error:
            # A parser fed with arbitrary bytes fails in arbitrary ways (struct.error, RecursionError, MemoryError …):
            # all of them are the file's fault.
            if source.exhausted:
                raise AudioFileError(f"not a valid {name} file: its tags are too large or in too many parts") from error
            raise AudioFileError(f"not a valid {name} file: {_reason(error)}") from error


def _fields(form: Format, source: Source) -> dict[str, str]:
    file = form.load(source)
    found: list[tuple[TagKind, Any]] = [(form.tags, file.tags)]
    if form in (MP3, AAC):
        found.append((APE, _ape_at_the_end(source)))
    picture = bool(getattr(file, "pictures", None))
    fields = values.gather(riff.info_pairs(source)) if form is WAV else {}
    for kind, tags in reversed(found):  # the format's own tags come last: they count most
        if tags is not None:
            fields |= values.gather(kind.pairs(tags))
            picture = picture or kind.has_picture(tags)
    fields |= stream.properties(form, file, source)
    fields["has_picture"] = "true" if picture else "false"
    return fields


def _ape_at_the_end(source: Source) -> Any:
    """The APEv2 tag that gain scanners append to MP3 files and taggers to AAC files; None without a readable one."""
    source.seek(0)
    try:
        return APEv2(source)
    except MutagenError:
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its parts are nested too deeply"
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    if isinstance(error.__context__, EOFError):
        return "it ends too early"
    text = str(error)
    if isinstance(error, MutagenError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
