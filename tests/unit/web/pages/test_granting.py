"""The hosts of a permission on a plugin's page: granted and revoked one by one."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.web.pages.conftest import Visitor
from viewra.web.accounts.identity import Scope

MANIFEST = """
id: "covers"
name: "Covers"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: {}
permissions: [{resource: "network", actions: ["fetch"], hosts: ["a.example", "*.b.example"], reason: "covers"}]
"""
PAGE = "/admin/plugin/covers/permissions"


def test_a_part_of_the_hosts_is_granted_on_the_page(visitor: Visitor, tmp_path: Path) -> None:
    directory = tmp_path / "plugins" / "covers"
    directory.mkdir()
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").touch()
    host = visitor.site.host
    host.plugins.rescan()

    def buttons() -> list[tuple[str, str]]:
        found = re.findall(r'<button[^>]*>(Grant|Revoke)<span class="unseen"> ([^<]+)</span>', visitor.get(PAGE))
        return [(does, what) for does, what in found if what != "network:fetch"]

    assert buttons() == [("Grant", "a.example"), ("Grant", "*.b.example")]
    said = visitor.post("/admin/plugin/covers/grant", name="network:fetch", host="a.example")
    assert "send web requests through viewra to a.example (it also asks for: all names below b.example)" in said
    assert buttons() == [("Revoke", "a.example"), ("Grant", "*.b.example")]
    both = re.findall(r'name="host" value="([^"]+)"', visitor.get(PAGE))
    assert both == ["a.example", "a.example", "*.b.example"], "to grant the second keeps the first"
    visitor.post("/admin/plugin/covers/grant", name="network:fetch", host=both[1:])
    assert buttons() == [("Revoke", "a.example"), ("Revoke", "*.b.example")]
    visitor.post("/admin/plugin/covers/revoke", name="network:fetch", host="a.example")
    assert [one.hosts for one in host.plugins["covers"].requested if one.granted] == [("*.b.example",)]
    assert "does not ask for c.example" in visitor.post(
        "/admin/plugin/covers/grant", name="network:fetch", host="c.example"
    )
    api = visitor.as_token(Scope.ADMIN)
    answer = api.request(
        "DELETE", "/api/v1/plugins/covers/grants", params={"names": ["network:fetch"], "hosts": ["*.b.example"]}
    )
    assert answer.status_code == 200, answer.text
    assert [(one["granted"], one["withheld"]) for one in answer.json()["permissions"]] == [(False, [])]
    answer = api.post("/api/v1/plugins/covers/grants", json={"names": ["network:fetch"], "hosts": ["x.b.example"]})
    (one,) = answer.json()["permissions"]
    assert (one["hosts"], one["withheld"]) == (["x.b.example"], ["a.example", "*.b.example"])
