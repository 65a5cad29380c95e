"""Writes the next migration of a folder: numbered, after the newest, empty or with a database's missing tables.

The host uses it for its own migrations, a plugin's process for the plugin's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import attrs
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from viewra.errors import MigrationError
from viewra.revisions import read_revisions, versions_folder

RenderItem = Callable[[str, object, object], str | Literal[False]]
"""Renders a type as Python; False: render as usual."""

_TEMPLATE = '''\
"""{message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    {upgrade}


def downgrade() -> None:
    """Go back."""
    {downgrade}
'''


@attrs.frozen
class Body:
    """The statements of a migration as Python, each line but the first indented by four."""

    upgrade: str
    downgrade: str


EMPTY = Body("raise NotImplementedError", "raise NotImplementedError")


def has_revisions(folder: Path) -> bool:
    """Whether a folder of migrations exists and has any."""
    return folder.is_dir() and bool(read_revisions(folder))


def missing(context: MigrationContext, metadata: sa.MetaData, render_item: RenderItem) -> Body:
    """The statements that turn the tables of ``context`` into those of ``metadata``, and the reverse."""
    script = produce_migrations(context, metadata)
    assert script.upgrade_ops is not None  # noqa: S101 - produce_migrations() fills both
    assert script.downgrade_ops is not None  # noqa: S101
    bodies = [
        render_python_code(ops, render_as_batch=True, render_item=render_item, migration_context=context).strip()
        for ops in (script.upgrade_ops, script.downgrade_ops)
    ]
    return Body(*(re.sub(r"^# .*\n\s*|\n\s*# ###.*$", "", body, flags=re.MULTILINE) for body in bodies))


def write(folder: Path, message: str, body: Body) -> Path:
    """Write the next revision into ``folder``, which is created if absent. Returns the file.

    Raises MigrationError if the folder's revisions have branches, or the file cannot be written.
    """
    try:
        folder.mkdir(exist_ok=True)
        known = read_revisions(folder)
        down = known[-1].id if known else None
        number = max((int(one.id) for one in known if one.id.isdecimal()), default=0) + 1
        revision = f"{number:04}"
        words = "_".join(re.findall(r"[a-z0-9]+", message.lower()))[:40].strip("_") or "change"
        file = versions_folder(folder) / f"{revision}_{words}.py"
        text = _TEMPLATE.format(
            message=message.replace("\\", "\\\\").replace('"', "'").strip().rstrip("."),
            revision=revision,
            down=f'"{down}"' if down else "None",
            upgrade=body.upgrade,
            downgrade=body.downgrade,
        )
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise MigrationError(f"no migration can be written to {folder}: {error.strerror}") from error
    return file
