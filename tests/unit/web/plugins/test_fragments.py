"""Which links of a fragment are left."""

from __future__ import annotations

import pytest

from viewra.web.plugins.fragments import cleaned


@pytest.mark.parametrize(
    "link",
    [
        *("/admin/plugins/p/a", "/api/plugins/p/a?x=1#y", "next", "?page=2", "a/b:c", "http://example.org/a"),
    ],
)
def test_a_link_that_is_kept(link: str) -> None:
    assert f'href="{link}"' in cleaned(f'<a href="{link}">x</a>', "p")


@pytest.mark.parametrize(
    "link",
    [
        *("/admin/", "//evil.example/", "/\\evil.example", "../x", "%2E%2e/x", "javascript:alert(1)"),
        *("http:/admin/x", "https:admin", "HTTP:/api/v1/files"),  # on a page by http: a path of this host
        *(".&#9;./.&#9;./x", ".&#10;./x", "/&#9;/evil.example"),  # browsers take these characters out
    ],
)
@pytest.mark.parametrize(("tag", "name"), [("a", "href"), ("img", "src")])
def test_a_link_to_elsewhere_is_removed(tag: str, name: str, link: str) -> None:
    assert f"{name}=" not in cleaned(f'<{tag} {name}="{link}">', "p")
