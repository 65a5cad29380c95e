"""Which plugins are found, and which one of several with the same id is used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from viewra.host.installed.discovery import Found, Place, discover, in_force
from viewra.host.registry import Registry
from viewra.types import PluginState

MakePlugin = Callable[..., Path]


def ids(found: list[Found]) -> list[tuple[str, Place]]:
    return [(one.plugin_id, one.place) for one in found if one.place is not Place.SHIPPED]


def test_places_in_order_of_precedence(tmp_path: Path, make_plugin: MakePlugin) -> None:
    make_plugin("a", "", parent=tmp_path / "user")
    make_plugin("b", "", parent=tmp_path / "given")
    found = discover([tmp_path / "given", tmp_path / "nowhere"], tmp_path / "user")
    assert ids(found) == [("b", Place.GIVEN), ("a", Place.USER)]
    assert [one.plugin_id for one in found if one.place is Place.SHIPPED] == [
        "artwork",
        "audio_tags",
        "duplicates",
        "file_names",
        "image_info",
        "library_history",
        "lyrics",
        "media_info",
        "musicbrainz_enricher",
        "notify_webhook",
        "opensubsonic",
        "replaygain",
        "sidecars",
        "tmdb",
    ]


def test_depth_and_names(tmp_path: Path, make_plugin: MakePlugin) -> None:
    for depth in range(5):
        make_plugin(f"d{depth}", "", parent=tmp_path.joinpath("p", *"xxxx"[:depth]))
    (tmp_path / "p" / "d0" / "plugin.cue").rename(tmp_path / "p" / "d0" / "odd.cue")
    make_plugin("hidden", "", parent=tmp_path / "p" / ".git")
    make_plugin("inner", "", parent=tmp_path / "p" / "d0" / "vendor")
    assert ids(discover([tmp_path / "p"], None)) == [(f"d{depth}", Place.GIVEN) for depth in range(3)]


def test_reached_twice_counts_once(tmp_path: Path, make_plugin: MakePlugin) -> None:
    make_plugin("a", "", parent=tmp_path / "p")
    (tmp_path / "link").symlink_to(tmp_path / "p")
    found = [one for one in discover([tmp_path / "p", tmp_path / "link"], None) if one.place is Place.GIVEN]
    assert [one.path for one in found] == [tmp_path / "p" / "a", tmp_path / "link" / "a"]
    assert found[0].manifest is found[1].manifest, "it is evaluated once"
    (one,), hidden = in_force(found, lambda _found: 0)
    assert (one.path, hidden) == (tmp_path / "p" / "a", [])
    (one,), hidden = in_force(found, lambda found: found.path.is_relative_to(tmp_path / "link"))
    assert (one.path, hidden) == (tmp_path / "link" / "a", []), "where it was enabled"


def test_two_of_one_id_in_one_place_are_both_invalid(tmp_path: Path, make_plugin: MakePlugin) -> None:
    first = make_plugin("a", "", parent=tmp_path / "p" / "1")
    second = make_plugin("a", "", parent=tmp_path / "p" / "2")
    make_plugin("b", "", parent=tmp_path / "p")
    everything = [found for found in discover([tmp_path / "p"], None) if found.place is Place.GIVEN]
    (one, b), (other,) = in_force(everything, lambda _found: 0)
    assert one.manifest is None
    assert str(second) in str(one.errors[0])
    assert other.manifest is None
    assert str(first) in str(other.errors[0])
    assert b.manifest is not None


def test_a_copy_beside_it_does_not_disable_one_that_is_enabled(tmp_path: Path, make_plugin: MakePlugin) -> None:
    good = make_plugin("good", "", parent=tmp_path / "p" / "z")
    shutil.copytree(good, tmp_path / "p" / "a.bak")
    everything = [found for found in discover([tmp_path / "p"], None) if found.place is Place.GIVEN]
    (one,), (copy,) = in_force(everything, lambda found: found.path == good)
    assert (one.path, one.manifest is not None) == (good, True)
    assert copy.manifest is None
    assert str(good) in str(copy.errors[0])


def test_an_invalid_manifest_keeps_the_id_that_it_had(tmp_path: Path, make_plugin: MakePlugin) -> None:
    folder = make_plugin("good", "", parent=tmp_path / "p").rename(tmp_path / "p" / "other-name")
    (folder / "plugin.cue").write_text("id: ")
    (found,) = (one for one in discover([tmp_path / "p"], None, {str(folder): "good"}) if one.place is Place.GIVEN)
    assert found.key == ("good", str(folder))


def test_a_disabled_one_never_hides_an_enabled_one(tmp_path: Path, make_plugin: MakePlugin) -> None:
    make_plugin("a", "", parent=tmp_path / "given")
    make_plugin("a", "", parent=tmp_path / "user")
    found = [one for one in discover([tmp_path / "given"], tmp_path / "user") if one.place is not Place.SHIPPED]
    given, user = found
    assert in_force(found, lambda _found: 0) == ([given], [user])
    assert in_force(found, lambda one: one == user) == ([user], [given])
    assert in_force(found, lambda _found: 1) == ([given], [user])


def test_an_invalid_one_is_listed_and_stops_no_other(tmp_path: Path, make_plugin: MakePlugin) -> None:
    from viewra import Host

    broken = make_plugin("broken", "")
    (broken / "plugin.cue").write_text('id: "broken"\nversion: 3')
    make_plugin("fine", "")
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data") as host:
        assert isinstance(host.plugins, Registry)
        assert host.plugins["broken"].state is PluginState.INVALID
        assert "version" in host.plugins["broken"].reason
        assert host.plugins["fine"].state is PluginState.DISABLED
        assert host.plugins["audio_tags"].state is PluginState.READY
        assert host.plugins["opensubsonic"].state is PluginState.DISABLED, "it wants to be asked for"
        with pytest.raises(Exception, match="is invalid"):
            host.plugins["broken"].enable()
