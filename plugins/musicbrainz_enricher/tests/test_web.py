"""Pages and routes, search, and the check suites in this process and over gRPC."""

from __future__ import annotations

from pathlib import Path

import pytest
from viewra_plugins.musicbrainz_enricher.service import MusicBrainzEnricher
from viewra_plugins.musicbrainz_enricher.service.store import Match, State

from tests.musicbrainz import mbid, schumann
from viewra.testing import (
    ask_http,
    check_admin_page,
    check_api_registration,
    check_http,
    check_metadata_scraper,
    check_scanner_hook,
    check_search,
    loopback,
)

from .conftest import TAGS, World

MOLL, DUR = schumann()
FORM = {"content-type": "application/x-www-form-urlencoded"}


def post(world: World, path: str, body: str, *, page: bool = False) -> int:
    return ask_http(world.running, "POST", path, headers=FORM, body=body.encode(), page=page).status


@pytest.fixture
def found(world: World) -> World:
    world.put(**TAGS)
    world.put(title="Nocturne", artist="Clara Schumann")
    world.scan()
    return world


def test_the_page_shows_statistics_and_files_by_state(found: World) -> None:
    shown = ask_http(found.running, "GET", "/", page=True).text
    for said in ("1 of 2 files were found, 50%", "Matched (1)", "Not found (1)", "tags</td><td>1<", "1.flac", "2.flac"):
        assert said in shown
    only = ask_http(found.running, "GET", "/", query="state=none", page=True).text
    assert ("1.flac" in only, "2.flac" in only) == (False, True)
    assert (
        ask_http(found.running, "GET", "/", query="after=1&state=matched", page=True).text.count("There are none") == 1
    )
    for wrong, status in (("state=x", 400), ("after=x", 404), ("after=-1", 404)):
        assert ask_http(found.running, "GET", "/", query=wrong, page=True).status == status


def test_the_list_has_pages(found: World) -> None:
    for number in range(3, 60):
        found.plugin._store.put(Match(number, b"/x", 1, 1, State.NONE))
    shown = ask_http(found.running, "GET", "/", page=True).text
    assert shown.count("?id=") == 50
    assert "after=50" in shown
    assert ask_http(found.running, "GET", "/", query="after=50", page=True).text.count("?id=") == 9


def test_the_form_corrects_a_match(found: World) -> None:
    form = ask_http(found.running, "GET", "/file", query="id=2", page=True).text
    assert '<label for="recording">' in form
    assert post(found, "/correct", f"id=2&recording=https://musicbrainz.org/recording/{DUR['id']}", page=True) == 303
    assert "is still to be fetched" in ask_http(found.running, "GET", "/file", query="id=2", page=True).text
    found.work()
    assert "Romanze F-Dur" in ask_http(found.running, "GET", "/file", query="id=2", page=True).text
    wrong = ask_http(found.running, "POST", "/correct", headers=FORM, body=b"id=2&recording=x", page=True)
    assert 'role="alert"' in wrong.text
    assert found.match(2)["recording_id"] == DUR["id"]
    for form_data in ("id=99&recording=" + DUR["id"], "recording=x", "id=x"):
        assert post(found, "/correct", form_data, page=True) == 404
    assert post(found, "/reject", "id=2", page=True) == 303
    assert found.match(2)["state"] == "rejected"
    assert post(found, "/again", "id=1", page=True) == 303
    assert [one.name for one in found.host.tasks_queue.queued] == ["look up"]
    assert [post(found, f"/{what}", "id=99", page=True) for what in ("reject", "again")] == [404, 404]


def test_candidates_are_a_click_away(world: World) -> None:
    twin = {**MOLL, "id": mbid("twin"), "disambiguation": "another take"}
    world.service.recordings = [MOLL, twin]
    world.put(**TAGS)
    world.scan()
    form = ask_http(world.running, "GET", "/file", query="id=1", page=True).text
    assert f'name="recording" value="{twin["id"]}"' in form
    assert "another take" in form
    assert "0:01" in form


def test_all_that_was_not_found_is_looked_up_again(found: World) -> None:
    found.service.recordings.append({**DUR, "title": "Nocturne", "id": mbid("Nocturne")})
    assert post(found, "/sweep", "", page=True) == 303
    found.work()
    assert found.match(2)["state"] == "matched"


def test_routes(found: World) -> None:
    assert ask_http(found.running, "GET", "/statistics").json == {
        "states": {"matched": 1, "none": 1}, "ways": {"tags": 1}, "waiting": 0,
    }  # fmt: skip
    said = ask_http(found.running, "GET", "/files/1").json
    assert (said["state"], said["recording_id"], said["fields"]["isrc"]) == ("matched", MOLL["id"], "DEZZZ2200001")

    def send(path: str, body: bytes = b"") -> int:
        return ask_http(found.running, "POST", path, body=body).status

    assert send("/files/1/match", f'{{"recording": "{DUR["id"]}"}}'.encode()) == 202
    found.work()
    assert found.match()["by_hand"] is True
    assert send("/files/1/reject") == 202
    assert send("/files/1/lookup") == 202
    found.work()
    assert found.match()["recording_id"] == MOLL["id"], "the other one was rejected"
    for body in (b"", b"[]", b"{}", b'{"recording": 7}', b'{"recording": "x"}'):
        assert send("/files/1/match", body) in (400, 422)
    for path in ("/files/99/reject", "/files/99/lookup", "/files/x/reject"):
        assert send(path) == 404
    assert ask_http(found.running, "GET", "/files/99").status == 404
    assert ask_http(found.running, "GET", f"/files/{'9' * 30}").status == 404


def test_search(found: World) -> None:
    def hits(**query: str) -> list[str]:
        return [Path(one.metadata["path"]).name for one in found.plugin.search(query, 10, 0).results]

    for query in (
        {"q": "wieck"}, {"artist": "clara WIECK"}, {"q": "クララ・シューマン"}, {"isrc": "DEZZZ2200001"},
        {"q": MOLL["id"]}, {"musicbrainz_artistid": mbid("Clara Schumann")}, {"q": "wieck", "title": "romanze"},
    ):  # fmt: skip
        assert hits(**query) == ["1.flac"], query
    for query in ({"title": "wieck"}, {"q": "wieck nocturne"}, {"genre": "classical"}, {"q": ""}, {"q": " "}, {}):
        assert hits(**query) == [], query
    assert found.plugin.search({"q": MOLL["id"]}, 10, 0).results[0].score == 0.5
    assert found.plugin.search({"isrc": "DEZZZ2200001"}, 10, 0).results[0].score == 1.0


def test_check_suites(found: World) -> None:
    path = str(found.folder / "1.flac")
    check_metadata_scraper(found.running.metadata_scraper, good={path: {"isrc": "DEZZZ2200001"}})
    check_scanner_hook(found.running.scanner_hook)
    check_admin_page(found.running.admin_page)
    check_api_registration(found.running.api_registration)
    check_search(found.running.search, query={"q": "wieck"})
    check_http(found.running)


def test_check_suites_over_grpc(tmp_path: Path) -> None:
    (tmp_path / "1.flac").write_bytes(b"x")
    with loopback(MusicBrainzEnricher()) as running:
        check_metadata_scraper(running.metadata_scraper, good={tmp_path / "1.flac": {}})
        check_scanner_hook(running.scanner_hook)
        check_admin_page(running.admin_page)
        check_api_registration(running.api_registration)
        check_search(running.search)
        check_http(running)
