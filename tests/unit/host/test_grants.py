"""What plugins ask for, and what the operator decided of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from viewra.db import open_database
from viewra.errors import UsageError
from viewra.host.installed.discovery import Found, Place, discover
from viewra.host.installed.grants import Grants

MANIFEST = """\
id: "lyrics"
name: "Lyrics"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: {}
permissions: [
	{resource: "filesystem", actions: ["read", "write"], reason: "words beside songs", paths: ["/words"]},
	{resource: "network", actions: ["external"], ports: [443]},
	"process:spawn",
]
"""


@pytest.fixture
def found(tmp_path: Path) -> Found:
    directory = tmp_path / "plugins" / "lyrics"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").touch()
    (one,) = (one for one in discover([directory.parent], None) if one.plugin_id == "lyrics")
    return one


@pytest.fixture
def grants(tmp_path: Path) -> Iterator[Grants]:
    engine = open_database(f"sqlite:///{tmp_path / 'viewra.db'}")
    yield Grants(engine)
    engine.dispose()


def granted(grants: Grants, found: Found) -> list[str]:
    return [one.name for one in grants.of(found) if one.granted]


def test_what_it_asks_for_is_not_granted_at_first(grants: Grants, found: Found) -> None:
    assert [(one.name, one.granted, one.reason) for one in grants.of(found)] == [
        ("filesystem:read", False, "words beside songs"),
        ("filesystem:write", False, "words beside songs"),
        ("network:external", False, ""),
        ("process:spawn", False, ""),
    ]
    assert grants.of(found)[0].words == "read the files of your libraries (only /words)"
    assert grants.of(found)[2].words.endswith("(only port 443)")


def test_what_is_shipped_may_until_it_is_revoked(grants: Grants, found: Found) -> None:
    shipped = attrs.evolve(found, place=Place.SHIPPED)
    assert len(granted(grants, shipped)) == 4
    grants.set(shipped, ["process:spawn"], granted=False)
    assert "process:spawn" not in granted(grants, shipped)


def test_a_grant_is_of_one_plugin_at_one_place(grants: Grants, found: Found) -> None:
    grants.set(found, ["filesystem:read"], granted=True)
    assert granted(grants, found) == ["filesystem:read"]
    assert granted(grants, attrs.evolve(found, path=Path("/elsewhere"))) == []
    assert granted(grants, attrs.evolve(found, plugin_id="other")) == []


def test_folders_of_the_operators_stand_above_the_manifests(grants: Grants, found: Found) -> None:
    grants.set(found, ["filesystem:read"], granted=True, paths=["/music"])
    assert grants.of(found)[0].paths == ("/music",)
    grants.set(found, ["filesystem:read"], granted=True)
    assert grants.of(found)[0].paths == ("/words",)


def test_to_run_without_a_sandbox_need_not_be_asked_for(grants: Grants, found: Found) -> None:
    grants.set(found, ["sandbox:off"], granted=True)
    assert grants.of(found)[-1].name == "sandbox:off"
    grants.set(found, ["sandbox:off"], granted=False)
    assert granted(grants, found) == []


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("filesystem:raed", "there is no permission 'filesystem:raed'", "did you mean filesystem:read?"),
        ("all", "there is no permission 'all'", ""),
        ("network:listen", "does not request network:listen", "it requests: filesystem:read"),
    ],
)
def test_what_cannot_be_granted_changes_nothing(
    grants: Grants, found: Found, name: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        grants.set(found, ["filesystem:read", name], granted=True)
    assert (refused.value.hint or "").startswith(hint)
    assert granted(grants, found) == []
