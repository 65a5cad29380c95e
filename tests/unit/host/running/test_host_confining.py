"""What a sandbox asks of the host's database."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra import library
from viewra.db import open_database
from viewra.host.running.host_confining import confining_of


def test_the_folders_of_all_libraries_are_told_without_counting_files(migrated_url: str, tmp_path: Path) -> None:
    """Each scan asks for them, once for each plugin that may read the library."""
    engine = open_database(migrated_url)
    paths = [str(tmp_path / name) for name in ("films", "music")]
    for path in paths:
        Path(path).mkdir()
        library.add_library(engine, path)
    confining = confining_of(engine, tmp_path, None, "off", unsandboxed=True, caps={})
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    assert confining.libraries() == paths
    assert [one for one in statements if "media_files" in one] == []
    engine.dispose()
