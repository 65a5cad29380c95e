"""A site as its admin has it after the first start, for the tests of the pages: a library, a plugin, a catalog."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tests.conftest import MANIFEST
from tests.e2e.browsing import PASSWORD, Serving, browsing, looking, serving
from tests.e2e.conftest import ROOT
from viewra.host.packages import publishing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

TALKER = """
from viewra.sdk import Plugin, serve

class Talker(Plugin):
    def can_handle(self, file_path, mime_type):
        return mime_type.startswith("audio/")
    def extract_metadata(self, file_path):
        self.log.info("read", path=file_path)
        return {}
    def get_supported_types(self):
        return ["audio/*"]
    def start(self):
        self.log.warning(f"in the mood {self.settings['mood']} <b>now</b>")

serve(Talker())
"""
TALKERS_SETTINGS = """
settings: {
    // How it feels about your music.
    mood: "glad" | "sad" | *"glad" @ui(title="Mood")
    loudness: int & >=0 & <=11 | *5 @ui(widget="slider")
    words: [...string] | *["la"]
    key: string | *"" @secret()
}
permissions: [{resource: "filesystem", actions: ["read"], reason: "it reads what it talks about"}]
"""


@attrs.frozen
class House:
    """A site with a library, and the session of its admin."""

    browser: Browser
    serving: Serving
    session: Any

    def looking(self, **how: Any) -> Any:
        return looking(self.browser, self.serving.base, storage_state=self.session, **how)


@contextmanager
def first_start(home: Path) -> Iterator[House]:
    """The first start, below ``home``: the link, the password, the first library, read to its end while one watches."""
    shutil.copytree(ROOT / "examples", home / "media")
    plugin = home / "plugins" / "talker"
    plugin.mkdir(parents=True)
    (plugin / "main.py").write_text(TALKER)
    (plugin / "plugin.cue").write_text(
        MANIFEST.format(
            plugin_id="talker", entry="main.py", capabilities="metadata_scraper: true", extra=TALKERS_SETTINGS
        )
    )
    _publish(home)
    known = ("--plugins", home / "plugins", "--catalog", home / "catalog")
    with browsing() as browser, serving(home / "data", *known) as served:
        with looking(browser, served.base, **DESK) as look:
            look.go("/admin/")
            assert "There is no password yet" in look.page.inner_text("main")
            look.go(served.link)
            look.shot("first-start")
            look.page.get_by_label("Password").fill(PASSWORD)
            look.page.get_by_label("Once more").fill(PASSWORD)
            look.press("Set the password")
            look.page.get_by_label("Folder").fill(str(home / "media"))
            look.press("Scan it")
            look.page.get_by_text("completed").wait_for()  # without a reload: the page shows what happens
            look.shot("scan")
            assert look.complaints == []
            session = look.context.storage_state()
        yield House(browser, served, session)


def _publish(home: Path) -> None:
    """A catalog with one plugin."""
    (home / "catalog").mkdir()
    pack("words", home, home / "catalog")
    publishing.build(home / "catalog")


def pack(plugin_id: str, home: Path, target: Path) -> Path:
    """The archive of a plugin, in the folder ``target``."""
    source = home / plugin_id
    source.mkdir()
    manifest = MANIFEST.format(
        plugin_id=plugin_id, entry="main.py", capabilities="metadata_scraper: true", extra=TALKERS_SETTINGS
    )
    (source / "plugin.cue").write_text(manifest)
    (source / "main.py").write_text(TALKER)
    return publishing.pack(source, target)
