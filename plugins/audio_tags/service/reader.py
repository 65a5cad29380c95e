"""Reads one file: detects its format, calls the module for it, and combines the fields."""

from __future__ import annotations

import errno

from . import edges, stream
from .facts import Facts, reason
from .formats import BEFORE, Format, detect
from .source import AudioFileError, Source, open_source
from .values import Values, clean, gather, merge

MAX_WARNING = 300
"""Characters of one warning."""


def read(path: str, legacy_encoding: str = "") -> Values:
    """Return all fields of the audio file at ``path``; a field that the file does not have is absent.

    ``legacy_encoding`` is the code page of texts that name none, "" for Windows-1252. Raises only ``AudioFileError``,
    for any defect of the file.
    """
    with open_source(path) as source:
        try:
            start, id3v2 = edges.before(source)
            form = detect(source, path, start)
            around = edges.Edges(start, source.size, id3v2)
            if form.around != BEFORE:
                around = edges.find(source, start, id3v2)
            return _fields(form, Facts(source, around.start, around.end, legacy_encoding), around)
        except OSError as error:
            raise AudioFileError(f"cannot be read: {error.strerror or error}") from error


def _fields(form: Format, facts: Facts, around: edges.Edges) -> Values:
    if not form.has_own_tags:
        edges.read_tags(facts, around, form.around)
    if facts.start == facts.source.size and any(facts.tags):
        facts.silent = True
        facts.warn("the file ends before its audio")
        return _put_together(form, facts)
    try:
        form.read(facts)
    except Exception as error:
        # A parser of arbitrary bytes fails in arbitrary ways (struct.error, RecursionError, MemoryError …): except
        # for the system's errors, all of them mean a damaged file.
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise
        what = _what(error, facts.source)
        if form.has_own_tags or facts.source.exhausted or not any(facts.tags):
            told = "; ".join([what, *facts.warnings])
            raise AudioFileError(f"not a valid {form.name} file: {told}") from error
        facts.silent = True  # the tags before and after the audio are still valid
        facts.warn(f"its audio cannot be read: {what}")
    if form.has_own_tags:
        edges.read_tags(facts, around, form.around)
    return _put_together(form, facts)


def _put_together(form: Format, facts: Facts) -> Values:
    properties = {} if facts.silent else stream.properties(facts, form.name)
    fields = merge(gather(pairs) for pairs in facts.tags)
    fields |= properties
    fields["has_picture"] = "true" if facts.picture else "false"
    if facts.warnings:
        warnings = [clean(text)[:MAX_WARNING].strip() for text in facts.warnings]
        fields["warning"] = warnings[0] if len(warnings) == 1 else warnings
    return fields


def _what(error: Exception, source: Source) -> str:
    if source.exhausted:
        return "its tags are too large or in too many parts"
    return reason(error, source)
