"""A library of made-up files: rows, search index and catalogue as scans of real files leave them, in any number.

A folder has ten files, which are an album; an artist has five albums. Words are as frequent as in texts: some files out
of three have the most frequent one, ``w0``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa

from viewra.db import open_database, writing
from viewra.db.bulk import insert_rows
from viewra.db.tables import directories, libraries, media_files
from viewra.library import fulltext
from viewra.library.catalogue import store
from viewra.library.catalogue.entries import entry, texts
from viewra.library.query.fields import INDEXED

FILES_OF_ALBUM, ALBUMS_OF_ARTIST = 10, 5
A_TRANSACTION = 5000
FILES_OF_SCAN = 100_000
"""How many files each of the scans added: all of them have its beginning as the time at which they were added."""
_WORDS = [f"w{number}" for number in range(2000)]
# Added up once: choices would do it for each text, which took longer than all the rest.
_WEIGHTS = list(accumulate(1 / (number + 10) for number in range(len(_WORDS))))


def opened(where: str, count: int) -> sa.Engine:
    """The library at a database's URL, or in a SQLite file; made first if the database has no files."""
    engine = open_database(where if "://" in where else f"sqlite:///{Path(where).absolute()}")
    with engine.connect() as connection:
        is_made = connection.execute(sa.select(media_files.c.id).limit(1)).first() is not None
    if not is_made:
        _fill(engine, count)
    return engine


def files_of(engine: sa.Engine) -> int:
    """How many files the library has."""
    with engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(media_files)).scalar_one())


def _fill(engine: sa.Engine, count: int) -> None:
    chance = random.Random(1)
    with writing(engine) as connection:
        connection.execute(sa.insert(libraries).values(id=1, path=b"/m", path_text="/m", created_at=0))
        folders = range(1, (count - 1) // FILES_OF_ALBUM + 2)
        rows = [{"id": number, "library_id": 1, "path": b"/m/%d" % number, "last_seen_job": 1} for number in folders]
        insert_rows(connection, directories, rows)
    for start in range(1, count + 1, A_TRANSACTION):
        files = [*_files(chance, range(start, min(start + A_TRANSACTION, count + 1)))]
        with writing(engine) as connection:
            insert_rows(connection, media_files, [_row(number) for number, _ in files])
            fulltext.index(connection, [_document(number, values) for number, values in files])
            store.store(
                connection,
                [
                    entry(number, 1, "audio/flac", f"{_folder(number)}/{number}.flac", texts(said))
                    for number, said in files
                ],
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As PostgreSQL's autovacuum does within a minute.
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")


def _files(chance: random.Random, ids: range) -> Iterator[tuple[int, dict[str, str]]]:
    of_album: dict[str, str] = {}
    album = 0
    for number in ids:
        if _folder(number) != album:
            album = _folder(number)
            artist = random.Random(album // ALBUMS_OF_ARTIST)
            name = _text(artist, 2)
            genre = f"g{album % 40}"
            of_album = {"artist": name, "albumartist": name, "album": _text(random.Random(album), 3), "genre": genre}
            of_album["date"] = str(1950 + album % 70)
        track = str((number - 1) % FILES_OF_ALBUM + 1)
        yield number, {**of_album, "title": _text(chance, 3), "tracknumber": track, "duration": "215.3"}


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, cum_weights=_WEIGHTS, k=words))


def _folder(number: int) -> int:
    return (number - 1) // FILES_OF_ALBUM + 1


def _row(number: int) -> dict[str, object]:
    return {
        "id": number,
        "library_id": 1,
        "directory_id": _folder(number),
        "name": b"%d.flac" % number,
        "path_text": f"/m/{_folder(number)}/{number}.flac",
        "size": 30_000_000 + number,
        "mtime_ns": 1_700_000_000_000_000_000 + number,
        "device": 1,
        "inode": number,
        "mime_type": "audio/flac",
        "fingerprint": None,
        "event_due": False,
        "added_at": 1_700_000_000_000_000 + number // FILES_OF_SCAN * 86_400_000_000,
    }


def _document(number: int, values: dict[str, str]) -> dict[str, object]:
    words = {field: values.get(field, "") for field in INDEXED}
    return {"rowid": number, **words, "path": f"{_folder(number)} {number} flac"}
