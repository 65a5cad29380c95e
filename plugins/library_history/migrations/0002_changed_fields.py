"""Replaces JSON by a row for each changed field, so that SQL can query them, and adds a view for people."""

from __future__ import annotations

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PAGE = 1000

changes = sa.table("changes", sa.column("id"), sa.column("before"), sa.column("after"))
changed_fields = sa.table(
    "changed_fields", sa.column("change_id"), sa.column("field"), sa.column("before"), sa.column("after")
)


def upgrade() -> None:
    """Move the fields in the JSON of each change to rows of their own."""
    op.create_table(
        "changed_fields",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "field"),
    )
    connection = op.get_bind()
    last = 0
    while page := connection.execute(sa.select(changes).where(changes.c.id > last).order_by("id").limit(PAGE)).all():
        last = page[-1].id
        rows = []
        for change in page:
            before, after = json.loads(change.before), json.loads(change.after)
            rows += [
                {"change_id": change.id, "field": name, "before": before.get(name), "after": after.get(name)}
                for name in sorted({*before, *after})
            ]
        if rows:
            connection.execute(sa.insert(changed_fields), rows)
    with op.batch_alter_table("changes") as table:
        table.drop_column("before")
        table.drop_column("after")
    op.execute(
        "CREATE VIEW what_changed AS "
        "SELECT first_seen AS at, 'added' AS what, path, NULL AS field, NULL AS before, NULL AS after FROM files "
        "UNION ALL SELECT changes.at, kind, path, field, changed_fields.before, changed_fields.after FROM changes "
        "JOIN files ON files.media_file_id = changes.media_file_id "
        "JOIN changed_fields ON change_id = changes.id"
    )


def downgrade() -> None:
    """Combine the rows of each change into JSON again."""
    op.execute("DROP VIEW what_changed")
    with op.batch_alter_table("changes") as table:
        for name in ("before", "after"):
            table.add_column(sa.Column(name, sa.Text(), nullable=False, server_default="{}"))
    connection = op.get_bind()
    last = 0
    ids = sa.select(changes.c.id).order_by("id").limit(PAGE)
    while page := connection.execute(ids.where(changes.c.id > last)).scalars().all():
        fields = sa.select(changed_fields).where(changed_fields.c.change_id.between(page[0], page[-1]))
        before: dict[int, dict[str, str]] = defaultdict(dict)
        after: dict[int, dict[str, str]] = defaultdict(dict)
        for row in connection.execute(fields):
            for side, value in ((before, row.before), (after, row.after)):
                if value is not None:
                    side[row.change_id][row.field] = value
        update = sa.update(changes).where(changes.c.id == sa.bindparam("change"))
        update = update.values(before=sa.bindparam("old"), after=sa.bindparam("new"))
        rows = [
            {
                "change": one,
                "old": json.dumps(before[one], ensure_ascii=False),
                "new": json.dumps(after[one], ensure_ascii=False),
            }
            for one in page
        ]
        connection.execute(update, rows)
        last = page[-1]
    op.drop_table("changed_fields")
