"""Makes what a file is found by of its metadata: its words in the search index, and its entry in the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.bulk import keys_for
from viewra.db.tables import directories, libraries, media_files
from viewra.library import answers, fulltext, identifiers, known_words, outcomes
from viewra.library.catalogue import store
from viewra.library.catalogue.entries import FIELDS, Entry, entry, name_without_extension, texts
from viewra.library.merge import Priorities, pick
from viewra.library.outcomes import Answer
from viewra.library.paths import below, display_bytes, join
from viewra.library.query.fields import GROUPS, MEMBERS, TEXT_FIELDS, TEXT_METADATA, grouped
from viewra.library.stages import CATALOGUE, INDEX, Stages
from viewra.library.words import indexed

USED_FIELDS = frozenset((*TEXT_METADATA, *FIELDS, *identifiers.FIELDS))
"""The metadata that a file is found by: when another plugin's word counts for one of these, its document changes."""

_NO_WORDS = dict.fromkeys(TEXT_FIELDS, "")
_OWN_COLUMNS = frozenset(TEXT_FIELDS) - frozenset(GROUPS)


@attrs.frozen
class Document:
    """What a file is found by: the ``words`` of each field for the search index (``rowid`` is the file's id)."""

    words: dict[str, object]
    entry: Entry
    identifiers: Sequence[tuple[str, str]] = ()


def places() -> sa.Select[int, int, bytes, str, bool, int, bytes, bytes]:
    """Select the files that are there with what a document needs: also ``path``, their directory's, and ``root``."""
    columns = (
        media_files.c.id,
        media_files.c.library_id,
        media_files.c.name,
        media_files.c.mime_type,
        media_files.c.event_due,
        media_files.c.added_at,
        directories.c.path,
        libraries.c.path.label("root"),
    )
    found = sa.select(*columns).join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    found = found.join(libraries, libraries.c.id == media_files.c.library_id)
    return found.where(media_files.c.missing_since.is_(None))


def document(file: Any, given: Iterable[Answer], priorities: Priorities) -> Document:
    """Make the document of a file, for one row of ``places``."""
    # Below its library: words of the library's own path would find every file.
    path = display_bytes(below(join(file.path, file.name), file.root))
    said = texts(pick(outcomes.readings(given), priorities, USED_FIELDS))
    words: dict[str, object] = {"rowid": file.id, **_NO_WORDS, "path": indexed((path,))}
    for field in _OWN_COLUMNS.intersection(said):
        words[field] = indexed(said[field])
    if not MEMBERS.isdisjoint(said):
        words |= {group: indexed(values) for group, values in grouped(said).items()}
    words["title"] = words["title"] or indexed((name_without_extension(path.rpartition("/")[2]),))
    return Document(words, entry(file.id, file.library_id, file.mime_type, path, said), identifiers.of(said))


def write(connection: sa.Connection, documents: Sequence[Document], stages: Stages | None = None) -> None:
    """Have files found by these documents; ``stages`` measure what it takes."""
    if documents:
        stages = stages or Stages(INDEX)
        with stages.within(INDEX):
            fulltext.index(connection, [one.words for one in documents])
            known_words.note(connection, [one.words for one in documents])
        with stages.within(CATALOGUE):
            store.store(connection, [one.entry for one in documents])
            identifiers.store(connection, [(one.entry.media_file_id, one.identifiers) for one in documents])


def write_again(
    connection: sa.Connection, file_ids: Sequence[int], priorities: Priorities, stages: Stages | None = None
) -> None:
    """Make the documents of files anew; those that are missing or no more are left out."""
    write(connection, of(connection, file_ids, priorities), stages)


def of(connection: sa.Connection, file_ids: Sequence[int], priorities: Priorities) -> list[Document]:
    """Make the documents of files as they should be; a file that is missing has none."""
    files = connection.execute(places().where(media_files.c.id.in_(keys_for(connection, file_ids)))).all()
    said = answers.load(connection, [file.id for file in files])
    return [document(file, said.get(file.id, []), priorities) for file in files]


def forget(connection: sa.Connection, file_ids: Collection[int]) -> None:
    """Have files found by nothing."""
    fulltext.forget(connection, file_ids)
    store.forget(connection, file_ids)
    identifiers.forget(connection, file_ids)


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Have the files that a statement selects found by nothing."""
    fulltext.forget_selected(connection, file_ids)
    store.forget_selected(connection, file_ids)
    identifiers.forget_selected(connection, file_ids)
