"""A remedy names what its reader has: pages, requests, or commands."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import Served
from viewra.web.hints import in_requests, on_pages


@pytest.mark.parametrize(
    ("command", "page", "request_"),
    [
        (
            "required: set it with `viewra plugins settings films account.key=VALUE`",
            "required: set it on the page Settings of films",
            "required: set it with PATCH /api/v1/plugins/films/settings",
        ),
        (
            "viewra plugins grant films filesystem:read network:fetch",
            "grant it filesystem:read network:fetch on the page Permissions of films",
            "POST /api/v1/plugins/films/grants, filesystem:read network:fetch",
        ),
        (
            "repair it, then: viewra plugins unquarantine films",
            "repair it, then: unquarantine it on the page of films",
            "repair it, then: POST /api/v1/plugins/films/unquarantine",
        ),
        ("viewra plugins list shows all", "the page Plugins shows all", "GET /api/v1/plugins shows all"),
        ("run: viewra fsck --repair", "run: the page Doctor", "run: POST /api/v1/fsck"),
        ("install viewra again", "install viewra again", "install viewra again"),
    ],
)
def test_commands_become_pages_and_requests(command: str, page: str, request_: str) -> None:
    assert (on_pages(command), in_requests(command)) == (page, request_)


def test_an_answer_names_requests(served: Served) -> None:
    answer = served.client.get("/api/v1/plugins/readr", headers=served.headers())
    assert "viewra plugins" not in answer.text
    assert served.client.get("/api/v1/tasks/1", headers=served.headers()).json()["hint"].endswith("GET /api/v1/tasks")
