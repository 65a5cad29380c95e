"""Fixtures for tests that run real plugins, and the watch that nothing of them is left behind."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

MakePlugin = Callable[..., Path]

MANIFEST = """\
id: "{plugin_id}"
name: "{plugin_id}"
version: "1.0.0"
type: "generic"
entry_points: main: "{entry}"
capabilities: {{{capabilities}}}
{extra}
"""


@pytest.fixture
def make_plugin(tmp_path: Path) -> MakePlugin:
    """A function that writes a plugin directory: ``make_plugin("id", code, capabilities=[…], extra="…cue…")``.

    ``code`` is the body of ``main.py``; it is dedented. The directory is ``tmp_path/"plugins"/id``.
    """

    def make(
        plugin_id: str,
        code: str,
        *,
        capabilities: tuple[str, ...] = ("metadata_scraper",),
        extra: str = "",
        parent: Path | None = None,
    ) -> Path:
        directory = (parent or tmp_path / "plugins") / plugin_id
        directory.mkdir(parents=True)
        flags = ", ".join(f"{name}: true" for name in capabilities)
        manifest = MANIFEST.format(plugin_id=plugin_id, entry="main.py", capabilities=flags, extra=extra)
        (directory / "plugin.cue").write_text(manifest)
        (directory / "main.py").write_text(textwrap.dedent(code))
        return directory

    return make


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail the session when a test left a process of this one's behind."""
    yield
    left = [child for child in psutil.Process().children(recursive=True) if _is_plugin(child)]
    assert not left, f"left behind: {left}"


def _is_plugin(process: psutil.Process) -> bool:
    try:
        return "launcher.py" in " ".join(process.cmdline()) or "VIEWRA_PLUGIN" in process.environ()
    except psutil.Error:
        return False
