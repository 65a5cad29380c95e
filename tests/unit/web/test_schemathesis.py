"""The API by its own OpenAPI document: no request leads to a 500 or an answer that the document does not allow."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.eventually import eventually
from tests.unit.web.conftest import Listening
from viewra.web.accounts.identity import Scope
from viewra.web.api.openapi import document

if not os.environ.get("VIEWRA_REQUIRE_SCHEMATHESIS"):
    pytest.importorskip("schemathesis", reason="the extra dev has it")

EXAMPLES = int(os.environ.get("VIEWRA_TEST_REQUESTS", "1"))
"""Requests for each endpoint with arguments that the document allows, and as many with some that it does not."""

KNOWN = {"plugin_id": "reader", "library_id": 1, "media_file_id": 1, "album_id": 1, "artist_id": 1, "series_id": 1}
"""What is there: half of the requests name it."""

METHODS = ("GET", "PATCH", "PUT", "POST", "DELETE")
"""In this order, so that there is something to get."""

HOW = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class Attacker:
    """Sends requests, and checks the answers against the document."""

    def __init__(self, listening: Listening) -> None:
        self._url = listening.url
        token = listening.site.accounts.tokens.create("attacker", Scope.ADMIN).token
        self._headers = {"Authorization": f"Bearer {token}"}
        self.answered: set[str] = set()
        self._sent = 0

    def attack(self, operation: Any) -> None:
        from schemathesis.generation import GenerationMode

        for mode in GenerationMode:
            HOW(given(case=operation.as_strategy(generation_mode=mode))(self.send))()

    def send(self, case: Any) -> None:
        from schemathesis.checks import not_a_server_error
        from schemathesis.specs.openapi.checks import (
            content_type_conformance,
            response_schema_conformance,
            status_code_conformance,
        )

        self._sent += 1
        if self._sent % 2:
            case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters if name in KNOWN})
        case.headers = {**(case.headers or {}), **self._headers}
        case.cookies = {}
        response = case.call(base_url=self._url, timeout=30)
        if response.status_code < 300:
            self.answered.add(case.operation.label)
        checks = [
            not_a_server_error,
            content_type_conformance,
            response_schema_conformance,
            status_code_conformance,
        ]
        case.validate_response(response, checks=checks)


def test_the_api_keeps_its_word(listening: Listening, tmp_path: Path) -> None:
    import schemathesis

    music = tmp_path / "music"
    music.mkdir()
    for name in ("a.mp3", "broken.mp3"):
        (music / name).write_bytes(b"x")
    listening.host.scan(music)
    schema: Any = schemathesis.openapi.from_dict(json.loads(document()))
    attacker = Attacker(listening)
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]
    for operation in sorted(operations, key=lambda one: METHODS.index(one.method.upper())):
        if operation.path != "/api/v1/events":  # its answer does not end
            attacker.attack(operation)
    assert len(attacker.answered) > 30, attacker.answered
    eventually(lambda: all(state.ended_at for state in listening.host.scans.all()))
