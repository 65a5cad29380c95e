"""All pages at once: they are shown, to those who may see them, and nothing in them runs or leads elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.routing import Route

from tests.unit.web.pages.conftest import HOSTILE, Elements, Visitor
from viewra.web import pages
from viewra.web.accounts.identity import Scope
from viewra.web.pages.words import plain

PARTS = {
    "plugin_id": "films",
    "library_id:int": "1",
    "scan_job_id:int": "1",
    "album_id:int": "1",
    "artist_id:int": "1",
    "media_file_id:int": "1",
}
PACKAGES = (
    "/admin/plugins/install/{plugin_id}",
    "/admin/plugins/install-file/{upload_id}",
    "/admin/plugin/{plugin_id}/upgrade",
)
FOR_ADMINS = ("/admin/access", "/admin/plugins/install")
LISTINGS = ("albums", "artists", "films", "photos", "genres", "years", "playlists", "files", "series")
MORE = (
    "/admin/plugin/hostile",
    "/admin/plugin/hostile/activity",
    "/admin/plugin/hostile/log?level=error",
    "/admin/plugin/broken",
    "/admin/plugin/broken/permissions",
    "/admin/plugin/films/database?look=1",
    "/admin/doctor?databases=1",
    "/admin/search?q=a",
    "/admin/browse/files?q=kind:audio",
    "/admin/browse/albums?q=genre_id:1",
    "/admin/failures?plugin=hostile",
)


def addresses(visitor: Visitor) -> list[str]:
    """Every page that one can look at, with something that is there in place of each part of its path."""
    found = list(MORE)
    for route in pages.routes(visitor.site):
        assert isinstance(route, Route)
        path = route.path
        if (
            "GET" not in (route.methods or ())
            or "{name}" in path
            or "{what}" in path
            or "series_id" in path
            or path in PACKAGES
            or path == "/admin/file"
        ):
            continue
        for name, value in PARTS.items():
            path = path.replace(f"{{{name}}}", value)
        found += [path.replace("{kind}", kind) for kind in LISTINGS] if "{kind}" in path else [path]
    assert not [path for path in found if "{" in path]
    return found


def test_no_page_has_anything_that_runs_comes_from_elsewhere_or_can_be_forged(library: Visitor) -> None:
    for address in addresses(library):
        text = library.get(address)
        if address.endswith("/figures"):
            continue
        page = Elements(text)
        assert HOSTILE not in text, address
        assert not page.inline, address
        for tag, attributes in page.all:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], (address, tag)
            for name in ("src", "action", "hx-get", "hx-post", "data"):
                assert attributes.get(name, "/").startswith(("/", "?")), (address, tag, attributes)
            if tag == "link":
                assert attributes["href"].startswith("/admin/assets/"), address
            assert not attributes.get("href", "").lower().startswith(("javascript:", "data:")), address
        for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
            assert 'method="get"' in form or ('method="post"' in form and 'name="csrf_token"' in form), (address, form)


def test_pages_are_for_those_who_signed_in(visitor: Visitor) -> None:
    visitor.client.cookies.clear()
    for address in addresses(visitor):
        answer = visitor.client.get(address)
        assert answer.status_code == 303, address
        assert answer.headers["location"].startswith("/admin/sign-in?next=/admin/"), address


def test_one_who_may_only_read_sees_no_action_and_is_refused_each(library: Visitor) -> None:
    reader = library.as_token(Scope.READ)
    for address in addresses(library):
        answer = reader.get(address, follow_redirects=True)
        assert answer.status_code == (403 if address.startswith(FOR_ADMINS) else 200), address
        forms = re.findall(r"<form.*?</form>", answer.text, re.DOTALL)
        assert not [one for one in forms if "post" in one and "<button" in one and "sign-out" not in one], address
    for route in pages.routes(library.site):
        if isinstance(route, Route) and "POST" in (route.methods or ()):
            path = re.sub(r"\{[^}]*\}", "1", route.path)
            assert reader.post(path).status_code == 403, path


@pytest.mark.parametrize(
    "address", ["/admin/file/999", "/admin/browse/album/0", "/admin/scan/77", "/admin/plugin/nobody"]
)
def test_what_is_not_there_is_said(visitor: Visitor, address: str) -> None:
    assert "Not Found" in visitor.get(address, status=404)


def test_what_an_action_says_is_shown_once(visitor: Visitor) -> None:
    shown = visitor.post("/admin/plugin/films/do/disable")
    assert "films is disabled" in shown
    assert "films is disabled" not in visitor.get("/admin/plugin/films")


def test_an_action_that_fails_says_why_on_the_page(visitor: Visitor) -> None:
    visitor.post("/admin/plugin/films/do/disable")
    shown = visitor.post("/admin/plugin/films/do/load")
    assert "is disabled" in shown
    assert "enable it on the page of films" in shown


def test_a_refresh_of_a_part_leaves_messages_for_the_page(visitor: Visitor) -> None:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', visitor.get("/admin/access"))
    assert found is not None
    visitor.client.post("/admin/plugin/films/do/disable", data={"csrf_token": found[1]})
    part = visitor.client.get("/admin/plugins", headers={"HX-Request": "true", "HX-Target": "ul#plugins"})
    assert "films is disabled" not in part.text
    assert "films is disabled" in visitor.get("/admin/plugins")


def test_a_new_token_is_shown_once_and_works_until_it_is_revoked(visitor: Visitor) -> None:
    shown = visitor.post("/admin/access/tokens", name="kitchen", scope="read")
    token = re.search(r'<code id="token"[^>]*>([^<]+)</code>', shown)
    assert token is not None
    assert token[1] not in visitor.get("/admin/access")
    headers = {"Authorization": f"Bearer {token[1]}"}
    visitor.client.cookies, kept = type(visitor.client.cookies)(), visitor.client.cookies
    assert visitor.client.get("/admin/", headers=headers).status_code == 200
    visitor.client.cookies = kept
    visitor.post("/admin/access/tokens/kitchen/revoke")
    visitor.client.cookies = type(visitor.client.cookies)()
    assert visitor.client.get("/admin/", headers=headers).status_code in {303, 401}


def test_the_password_is_changed_by_one_who_knows_it(visitor: Visitor) -> None:
    new = "quite another one"
    assert "the password is wrong" in visitor.post("/admin/access/password", now="no", password=new, again=new)
    visitor.post("/admin/access/password", now="a few easy words", password=new, again=new)
    assert visitor.client.get("/admin/").status_code == 303
    assert visitor.client.post("/admin/sign-in", data={"password": new}).status_code == 303


def test_a_librarys_schedule_is_set_on_its_page_and_shown_with_the_libraries(library: Visitor) -> None:
    one = "/admin/library/1"
    values: dict[str, Any] = {"missing_keep": "30d", "follow_links": "all", "exclude": ""}
    library.post(one, **values, watch="on", schedule="every  6H")
    assert 'value="every 6h"' in library.get(one)
    assert "The next scan is due on" in library.get(one)
    assert "every 6h" in library.get("/admin/libraries")
    assert "is not a schedule" in library.post(one, **values, schedule="at noon")
    library.post(one, **values, schedule="")
    page = library.get(one)
    assert "The next scan is due on" not in page
    assert 'name="watch" checked' not in page


def test_where_there_is_no_picture_nothing_is_to_be_seen(visitor: Visitor) -> None:
    client = visitor.client
    for path in ("albums/1?size=384", "artists/1", "series/999", "files/1"):
        answer = client.get(f"/admin/picture/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert client.get("/admin/picture/genres/1").status_code == 404
    client.cookies.clear()
    assert client.get("/admin/picture/albums/1").status_code == 303


def test_a_title_turns_nothing_around() -> None:
    assert plain("a\u202eb\u2066c\u200fd\ne") == "abcd e"
