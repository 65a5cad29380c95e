"""The admin pages in a browser, as a person uses them: from the first start to a plugin's log.

One browser and one ``viewra serve`` for all tests; ``VIEWRA_SCREENSHOTS`` names a folder for screenshots of the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.browsing import PASSWORD, Look, looking, needs_chromium
from tests.e2e.house import DESK, PHONE, House, first_start, pack

pytestmark = [needs_chromium, pytest.mark.process, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with first_start(tmp_path_factory.mktemp("house")) as house:
        yield house


def test_one_browses_searches_and_sees_a_file(house: House) -> None:
    with house.looking(**DESK) as look:
        look.go("/admin/")
        look.page.get_by_role("link", name="Browse").click()
        look.page.get_by_role("link", name="Gymnopédies").click()
        look.page.get_by_role("link", name="Lent et grave").click()
        assert "audio_tags" in look.page.inner_text("table >> nth=0")
        look.page.get_by_role("link", name="Browse").click()
        look.page.locator("html.scripted").get_by_role("searchbox").wait_for()
        look.page.keyboard.press("/")
        look.page.keyboard.type("composr:bach")
        look.page.keyboard.press("Enter")
        look.page.get_by_text("did you mean composer?").wait_for()
        assert look.page.inner_text(".query-at mark") == "composr:bach"
        look.page.get_by_role("searchbox").fill("artist:schumann")
        look.page.keyboard.press("Enter")
        look.page.get_by_role("link", name="Drei Romanzen").first.wait_for()
        look.go("/admin/browse/films?q=imdb_id:tt0000417")
        look.page.get_by_role("link", name="Die Reise zum Mond").click()
        look.page.locator("td", has_text="sidecars").get_by_text("movie.nfo").first.wait_for()
        assert [one for one in look.complaints if "422" not in one] == []
        _asked_only_here(look)


def test_one_uploads_a_plugin_and_looks_at_it(house: House, tmp_path: Path) -> None:
    with house.looking(**PHONE) as look:
        look.go("/admin/plugins/install")
        look.page.get_by_label("A ZIP archive").set_input_files(pack("sent", tmp_path, tmp_path))
        look.press("Upload")
        look.page.get_by_role("heading", name="What it asks for").wait_for()
        assert "sent" in look.page.inner_text("main")
        look.shot("upload")
        look.press("Delete this upload")
        look.page.get_by_text("the uploaded package is deleted").wait_for()
        assert look.complaints == []


def test_one_enables_configures_and_listens_to_a_plugin(house: House) -> None:
    with house.looking(**DESK) as look:
        look.go("/admin/plugin/talker")
        look.press("Enable")
        look.page.get_by_text("talker is enabled").wait_for()
        look.page.get_by_role("link", name="Permissions").click()
        look.press("Grant all")
        look.page.get_by_text("granted", exact=True).wait_for()
        look.press("Start")
        look.page.locator(".badge", has_text="running").wait_for()
        look.page.get_by_role("link", name="Settings", exact=True).click()
        look.page.get_by_label("Mood").select_option(label="sad")
        look.page.evaluate("document.querySelector('[name=\"v:loudness\"]').type = 'number'")
        look.page.locator("[name='v:loudness']").fill("12")
        look.press("Save")
        assert look.page.inner_text(".wrong") == "12 is not <=11"
        look.shot("settings-refused")
        look.page.evaluate("document.querySelector('[name=\"v:loudness\"]').type = 'number'")
        look.page.locator("[name='v:loudness']").fill("11")
        look.page.locator("[name='v:key']").fill("a secret")
        look.press("Save")
        look.page.get_by_text("saved: key, loudness, mood").wait_for()
        assert "a secret" not in look.page.content()
        look.page.get_by_role("link", name="Log", exact=True).click()
        look.page.get_by_text("in the mood sad").wait_for()
        look.page.get_by_label("Records of at least").select_option("warn")
        before = look.page.get_by_text("in the mood sad").count()
        look.press("Restart")
        look.page.get_by_text("in the mood sad").nth(before).wait_for()  # the log goes on by itself
        look.shot("log")
        look.press("Disable")
        look.page.locator(".badge", has_text="disabled").wait_for()
        assert [one for one in look.complaints if "422" not in one] == []
        _asked_only_here(look)


PAGES = {
    "overview": "/admin/",
    "plugins": "/admin/plugins",
    "plugin": "/admin/plugin/audio_tags",
    "install": "/admin/plugins/install",
    "package": "/admin/plugins/install/words",
    "activity": "/admin/plugin/audio_tags/activity",
    "settings": "/admin/plugin/image_info/settings",
    "runtime": "/admin/plugin/image_info/runtime",
    "permissions": "/admin/plugin/media_info/permissions",
    "libraries": "/admin/libraries",
    "library": "/admin/library/1",
    "failures": "/admin/failures",
    "albums": "/admin/browse/albums",
    "photos": "/admin/browse/photos",
    "files": "/admin/browse/files?q=sort:title",
    "search": "/admin/search?q=bach",
    "album": "/admin/browse/album/4",
    "doctor": "/admin/doctor",
    "access": "/admin/access",
}


ALIKE = ("runtime", "failures", "photos", "files")
"""Pages with nothing that is not on another, which need not be gone through again."""
DARK = ("overview", "plugins", "settings", "albums", "doctor")
"""The pages that are looked at in the dark for contrast: between them they have every colour."""


def test_pages_are_accessible(house: House) -> None:
    with house.looking(**DESK, color_scheme="light") as look:
        for name, path in PAGES.items():
            look.go(path)
            look.shot(f"{name}-light")
            if name == "overview":
                look.shot("readme", whole=False)  # docs/images/admin.png is a copy
            assert look.overflow() <= 0, name
            assert name in ALIKE or accused(look) == [], name
        assert look.complaints == []
        _asked_only_here(look)
    with house.looking(**DESK, color_scheme="dark") as look:
        for name in DARK:
            look.go(PAGES[name])
            look.shot(f"{name}-dark")
            assert accused(look, "color-contrast") == [], name


def test_pages_are_within_the_window_of_a_phone(house: House) -> None:
    with house.looking(**PHONE, color_scheme="dark") as look:
        for name, path in PAGES.items():
            look.go(path)
            look.shot(f"{name}-phone")
            assert look.overflow() <= 0, name


def accused(look: Look, *rules: str) -> list[tuple[str, list[str]]]:
    """What axe-core finds serious: the rule, and the elements that break it."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    found = Axe().run(look.page, options=options).response["violations"]
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]


def test_on_a_phone_the_menu_opens_and_closes(house: House) -> None:
    with house.looking(**PHONE) as look:
        look.go("/admin/")
        link = look.page.get_by_role("link", name="Doctor")
        assert not link.is_visible()
        look.press("Menu")
        link.wait_for()
        look.shot("menu-phone")
        look.page.keyboard.press("Tab")
        look.page.keyboard.press("Escape")
        link.wait_for(state="hidden")


def sign_in(look: Look, path: str) -> None:
    """Go to a page by way of the sign-in."""
    look.go(path)
    look.page.get_by_label("Password").fill(PASSWORD)
    look.press("Sign in")
    look.page.get_by_role("button", name="Sign out").wait_for(state="attached")


def test_a_session_that_has_ended_leads_to_the_sign_in(house: House) -> None:
    with looking(house.browser, house.serving.base, **DESK) as look:
        sign_in(look, "/admin/plugins")
        look.page.locator("html.scripted").wait_for()
        token = "document.querySelector('[name=csrf_token]').value"
        look.page.evaluate(f"fetch('/admin/sign-out', {{method: 'POST', headers: {{'X-CSRF-Token': {token}}}}})")
        look.page.evaluate("htmx.trigger(document.getElementById('plugins'), 'viewra:refresh')")
        look.page.wait_for_url("**/admin/sign-in**")


def test_without_scripts_the_main_paths_work(house: House) -> None:
    with looking(house.browser, house.serving.base, **DESK, java_script_enabled=False) as look:
        sign_in(look, "/admin/plugins")
        look.page.get_by_role("button", name="Disable Library History").click()
        assert "library_history is disabled" in look.page.inner_text("main")
        look.go("/admin/browse/albums")
        look.page.get_by_role("searchbox").fill("satie")
        look.press("Find")
        assert look.page.get_by_role("link", name="Gymnopédies").is_visible()
        look.go("/admin/libraries")
        look.page.get_by_role("button", name=re.compile("^Scan ")).click()
        assert "has begun" in look.page.inner_text("main")
        look.shot("without-scripts")
        look.press("Sign out")
        assert look.page.url.endswith("/admin/sign-in")
        look.go("/admin/plugins")
        assert "/admin/sign-in?next=" in look.page.url


def _asked_only_here(look: Look) -> None:
    """No request went elsewhere: no font, no script, no picture of another site."""
    assert look.asked
    assert not [url for url in look.asked if not url.startswith((look.base, "data:"))]
