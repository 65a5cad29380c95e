"""The pages' own files: served for ever under their version; what others wrote is what they published."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import viewra.web
from tests.unit.web.pages.conftest import Visitor
from viewra.web.pages.assets import address, assets

FOLDER = Path(viewra.web.__file__).parent / "assets"
OURS = {"viewra.css", "viewra.js", "icon.svg"}


def test_files_of_others_are_those_that_they_published_with_their_licences() -> None:
    noted = json.loads((FOLDER / "vendored.json").read_text())
    assert noted.keys() | OURS == assets().keys()
    for name, facts in noted.items():
        assert hashlib.sha512((FOLDER / name).read_bytes()).hexdigest() == facts["sha512"], name
        assert f"{name}" in (FOLDER / "LICENSES.txt").read_text()
        assert f"{facts['package']} {facts['version']}" in Path("docs/dependencies.md").read_text()


def test_nothing_in_them_is_loaded_from_elsewhere() -> None:
    for name in OURS:
        text = (FOLDER / name).read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text, name
        assert "@import" not in text, name


def test_a_file_is_kept_for_ever_under_its_version_only(visitor: Visitor) -> None:
    visitor.client.cookies.clear()  # the sign-in page needs them
    answer = visitor.client.get(address("viewra.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert visitor.client.get("/admin/assets/viewra.css?v=old").headers["cache-control"] == "no-cache"
    assert visitor.client.get("/admin/assets/vendored.json").status_code == 404
    assert visitor.client.get("/admin/assets/..%2fsite.py").status_code == 404
