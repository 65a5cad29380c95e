from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.db import enabled_plugins, set_enabled


def test_a_plugin_never_seen_is_neither(engine: sa.Engine) -> None:
    assert enabled_plugins(engine).get(("tags", "/plugins/tags")) is None


def test_the_choice_is_kept_and_changed(engine: sa.Engine, tmp_path: Path) -> None:
    set_enabled(engine, "tags", str(tmp_path), True)
    assert enabled_plugins(engine).get(("tags", str(tmp_path))) is True
    set_enabled(engine, "tags", str(tmp_path), False)
    assert enabled_plugins(engine) == {("tags", str(tmp_path)): False}


def test_another_path_inherits_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    set_enabled(engine, "tags", str(tmp_path / "real"), True)
    assert enabled_plugins(engine).get(("tags", str(tmp_path / "link"))) is None, "what it leads to may change"
    assert enabled_plugins(engine).get(("tags", str(tmp_path / "other"))) is None
    assert enabled_plugins(engine).get(("other", str(tmp_path / "real"))) is None
