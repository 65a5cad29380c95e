"""Signatures of folders, so that a scan reads rows only where something has changed; indexes for listings.

A signature is valid as long as the rows for which it was stored: triggers delete it with any change of them, whichever
code makes it. In the same way they delete what a library's last scan found settled.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_EVIDENCE = (
    "directory_id, name, size, mtime_ns, ctime_ns, device, inode, mime_type, fingerprint, missing_since, library_id"
)
_LINKED = "SELECT directory_id FROM other_paths WHERE media_file_id = {row}.id"
_FOLDER = "UPDATE directories SET signature = NULL WHERE signature IS NOT NULL AND id = {row}.directory_id"
_LINKS = f"UPDATE directories SET signature = NULL WHERE signature IS NOT NULL AND id IN ({_LINKED})"  # noqa: S608  (constants alone)
_LIBRARY = "UPDATE libraries SET settled = NULL WHERE settled IS NOT NULL AND id = {row}.library_id"
_OF_FILE = "SELECT library_id FROM media_files WHERE id = {row}.media_file_id"
_LIBRARY_OF_FILE = f"UPDATE libraries SET settled = NULL WHERE settled IS NOT NULL AND id = ({_OF_FILE})"  # noqa: S608

TRIGGERS = {
    "media_files_insert": ("INSERT ON media_files", "NEW", (_FOLDER, _LIBRARY)),
    "media_files_update": (f"UPDATE OF {_EVIDENCE} ON media_files", "OLD NEW", (_FOLDER, _LINKS, _LIBRARY)),
    "media_files_delete": ("DELETE ON media_files", "OLD", (_FOLDER, _LIBRARY)),
    "other_paths_insert": ("INSERT ON other_paths", "NEW", (_FOLDER, _LIBRARY_OF_FILE)),
    "other_paths_update": ("UPDATE ON other_paths", "OLD NEW", (_FOLDER, _LIBRARY_OF_FILE)),
    "other_paths_delete": ("DELETE ON other_paths", "OLD", (_FOLDER, _LIBRARY_OF_FILE)),
    "file_metadata_update": ("UPDATE OF code_hash, status ON file_metadata", "OLD", (_LIBRARY_OF_FILE,)),
    "file_metadata_delete": ("DELETE ON file_metadata", "OLD", (_LIBRARY_OF_FILE,)),
}
"""Name → when, for which row's values, and what is done."""

INDEXES = {
    "ix_catalogue_sort_artist": ["sort_artist", "sort_album", "disc", "track", "media_file_id"],
    "ix_catalogue_sort_album": ["sort_album", "disc", "track", "media_file_id"],
}
"""For pages of files by artist and by album, at any depth."""


def upgrade() -> None:
    """Add the columns, which the next scans fill, and the triggers."""
    op.add_column("directories", sa.Column("signature", sa.LargeBinary()))
    op.add_column("directories", sa.Column("files", sa.Integer()))
    op.add_column("directories", sa.Column("mtime_ns", sa.BigInteger()))
    op.add_column("libraries", sa.Column("settled", sa.Text()))
    for name, columns in INDEXES.items():
        op.create_index(name, "catalogue", columns)
    on_postgresql = op.get_context().dialect.name == "postgresql"
    for name, (when, rows, statements) in TRIGGERS.items():
        body = " ".join(f"{statement.format(row=row)};" for row in rows.split() for statement in statements)
        if on_postgresql:
            op.execute(
                f"CREATE FUNCTION forget_{name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {body} RETURN NULL; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} AFTER {when} FOR EACH ROW EXECUTE FUNCTION forget_{name}()")
        else:
            op.execute(f"CREATE TRIGGER {name} AFTER {when} BEGIN {body} END")


def downgrade() -> None:
    """Take them away: each scan reads all rows again."""
    on_postgresql = op.get_context().dialect.name == "postgresql"
    for name, (when, _, _) in TRIGGERS.items():
        table = when.rpartition(" ")[2]
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgresql else ""))
        if on_postgresql:
            op.execute(f"DROP FUNCTION forget_{name}()")
    for name in INDEXES:
        op.drop_index(name, "catalogue")
    for column in ("signature", "files", "mtime_ns"):
        op.drop_column("directories", column)
    op.drop_column("libraries", "settled")
