"""Reads a folder of Alembic revisions without running them: their order, and which of them only add.

The host uses it for its own revisions, a plugin's process for the plugin's. Alembic runs them.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import attrs

from viewra.errors import MigrationError

_PARSING = threading.Lock()
"""A lock: CPython 3.11 counts the depth of a tree for all threads together, and fails if two parse (cpython#106905)."""

ADDITIVE = frozenset({"create_table", "create_index", "add_column"})
"""Operations that cannot lose or change existing data."""

_NAMING = frozenset({"f"})
"""Names that Alembic's autogenerate writes around a name that is used as it is."""

_DESCRIBING = frozenset({"sa", "sqlalchemy", "postgresql", "sqlite"})
"""Modules in migrations that only describe columns and types, and execute nothing."""


@attrs.frozen
class Revision:
    """One migration. ``down`` is the previous revision; ``additive``: migrating to it only adds tables and columns."""

    id: str
    down: str | None
    message: str
    additive: bool
    file: Path


def versions_folder(migrations: Path) -> Path:
    """The folder with the revisions: ``versions``, as Alembic has it, or the migrations directory itself."""
    versions = migrations / "versions"
    return versions if versions.is_dir() else migrations


def read_revisions(migrations: Path) -> tuple[Revision, ...]:
    """The revisions in order, oldest first.

    Raises MigrationError, with the file, for an unreadable revision, and for revisions with branches.
    """
    folder = versions_folder(migrations)
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".py" and file.name != "__init__.py")
        found = [_read(file) for file in files if not file.name.startswith(".") and file.name != "env.py"]
    except OSError as error:
        raise MigrationError(f"the migrations in {folder} cannot be read: {error.strerror}") from error
    return _in_order(found, folder)


def pending(revisions: Sequence[Revision], current: str | None) -> tuple[Revision, ...]:
    """The revisions after ``current`` (None: all). Raises KeyError for an unknown one."""
    ids = [None, *(revision.id for revision in revisions)]
    if current not in ids:
        raise KeyError(current)
    return tuple(revisions[ids.index(current) :])


def _in_order(found: Sequence[Revision], folder: Path) -> tuple[Revision, ...]:
    after: dict[str | None, Revision] = {}
    for revision in found:
        twin = after.get(revision.down)
        if twin is not None:
            raise MigrationError(
                f"the migrations in {folder} have branches: {twin.file.name} and {revision.file.name} both follow "
                f"{revision.down or 'nothing'}",
                hint="let one follow the other: change its down_revision",
            )
        after[revision.down] = revision
    line: list[Revision] = []
    while (following := after.pop(line[-1].id if line else None, None)) is not None:
        line.append(following)
    if after:
        lost = min(after.values(), key=lambda revision: revision.file.name)
        raise MigrationError(f"{lost.file}: follows revision {lost.down}, which does not exist")
    return tuple(line)


def _read(file: Path) -> Revision:
    try:
        text = file.read_bytes()
        with _PARSING:
            tree = ast.parse(text, str(file))
    except (SyntaxError, ValueError) as error:
        raise MigrationError(f"{file}: is not Python: {error}") from error
    named: dict[str, object] = {}
    upgrade: ast.FunctionDef | None = None
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "upgrade":
            upgrade = statement
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            value = getattr(statement, "value", None)
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                named[target.id] = value.value
    revision, down = named.get("revision"), named.get("down_revision")
    if not isinstance(revision, str) or not revision or "down_revision" not in named:
        raise MigrationError(f'{file}: does not say revision = "…" and down_revision = "…" (or None) in plain text')
    if down is not None and not isinstance(down, str):
        raise MigrationError(f"{file}: its down_revision is neither one revision nor None")
    message = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
    return Revision(revision, down, message, upgrade is not None and _only_adds(upgrade), file)


def _only_adds(upgrade: ast.FunctionDef) -> bool:
    """Whether all of its calls are known to add, or to describe additions. An unknown call may do anything."""
    batches = _batches(upgrade)
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call) and node not in batches]
    operations = {"op", *batches.values()}
    return all(_is_harmless(call.func, operations) for call in calls)


def _batches(upgrade: ast.FunctionDef) -> dict[ast.Call, str]:
    """Batches of table changes, ``with op.batch_alter_table("x") as batch_op``, and their names.

    Only in the form of Alembic's autogenerate: other arguments may copy the table without some of its data.
    """
    found: dict[ast.Call, str] = {}
    for item in (item for node in ast.walk(upgrade) if isinstance(node, ast.With) for item in node.items):
        call, name = item.context_expr, item.optional_vars
        if isinstance(call, ast.Call) and isinstance(name, ast.Name):
            plain = len(call.args) == 1 and all(one.arg == "schema" for one in call.keywords)
            if plain and ast.unparse(call.func) == "op.batch_alter_table":
                found[call] = name.id
    return found


def _is_harmless(function: ast.expr, operations: Collection[str]) -> bool:
    if not isinstance(function, ast.Attribute):
        return False
    root: ast.expr = function
    while isinstance(root, ast.Attribute | ast.Call):
        root = root.value if isinstance(root, ast.Attribute) else root.func
    if not isinstance(root, ast.Name):
        return False
    if root.id in operations:
        return isinstance(function.value, ast.Name) and function.attr in ADDITIVE | _NAMING
    return root.id in _DESCRIBING
