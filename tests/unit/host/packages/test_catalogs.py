"""Catalogs: built, signed, read from a folder, and refused if anything in them is not what they say."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import UsageError, ViewraError
from viewra.host.packages import catalogs, index, publishing, signatures
from viewra.host.packages.arriving import untold
from viewra.host.packages.catalogs import Catalog
from viewra.host.packages.finding import staged_source
from viewra.host.packages.names import BadPackage
from viewra.host.packages.zipping import zip_folder

MANIFEST = """
id: "lyrics"
name: "Lyrics"
version: "VERSION"
description: "Words of songs"
entry_points: main: "main.py"
capabilities: search_service: true
permissions: [{resource: "network", actions: ["fetch"], hosts: ["example.org"], reason: "asks for words"}]
"""

MINISIGN_KEY = """\
untrusted comment: minisign public key 66DDE2173C63D7E4
RWTk12M8F+LdZjnkV/L7lYOxzIMqpBv+mJbcZnE4FB8acTnB1daQIm+D
"""
MINISIGN_SIGNATURE = """\
untrusted comment: signature from minisign secret key
RUTk12M8F+LdZhvBqDy+o8n/2PSHY8l3H4uKj/KH+M5Q6wFAVsAGorXupxnkrHNc3/6hvkggqms/6s3aET5e9ICJLBGZRptdwQI=
trusted comment: file:package.zip
ooG4m6fhORDdRNZU2JVQ34QZYPB3mQpOGoB33ymbIJa8NDBv48k/5z1hMleDN5mFMTmv2k0gdk5iML5yCS4UBA==
"""
"""Of version 0.11 of the program, for the bytes ``viewra`` and a line feed."""


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[..., Path]:
    def make(version: str, more: str = "") -> Path:
        folder = tmp_path / f"source-{version}"
        folder.mkdir()
        (folder / "plugin.cue").write_text(MANIFEST.replace("VERSION", version) + more)
        (folder / "main.py").write_text("print()\n")
        return folder

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "catalog"
    made.mkdir()
    return made


def fetched(folder: Path, name: str, tmp_path: Path) -> str:
    target = tmp_path / "fetched"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    origin = catalogs.named([str(folder)], name)(target, untold)
    assert (target / "files" / "main.py").exists()
    return origin.revision


def test_the_newest_that_fits(folder: Path, plugin: Callable[..., Path], tmp_path: Path) -> None:
    for made in (plugin("1.9.0"), plugin("1.10.0"), plugin("2.0.0-rc.1"), plugin("3.0.0")):
        publishing.pack(made, folder)
    entry = publishing.build(folder)[0]
    assert [one.version for one in entry.versions] == ["3.0.0", "2.0.0-rc.1", "1.10.0", "1.9.0"]
    assert entry.versions[0].permissions[0].hosts == ("example.org",)
    assert fetched(folder, "lyrics", tmp_path) == "3.0.0"
    assert fetched(folder, "lyrics==2.0.0-rc.1", tmp_path) == "2.0.0-rc.1"
    data = json.loads((folder / "index.json").read_text())
    data["plugins"][0]["versions"][0]["requires"] = ">=99"
    data["plugins"][0]["new"] = "ignored"
    (folder / "index.json").write_text(json.dumps(data))
    assert fetched(folder, "lyrics", tmp_path) == "1.10.0"
    assert [entry.id for _, entry in catalogs.search([str(folder)], ["WORDS", "lyr"])] == ["lyrics"]
    assert not catalogs.search([str(folder)], ["films"])
    with pytest.raises(UsageError, match="no catalog has a plugin 'films'"):
        catalogs.named([str(folder)], "films")
    with pytest.raises(UsageError, match=r"no catalog has lyrics==9\.0\.0"):
        catalogs.named([str(folder)], "lyrics==9.0.0")


def test_a_package_that_differs(folder: Path, plugin: Callable[..., Path], tmp_path: Path) -> None:
    package = publishing.pack(plugin("1.0.0"), folder)
    publishing.build(folder)
    whole = package.read_bytes()
    for damaged in (whole[:-1], whole + b"x", bytes([whole[0] ^ 1]) + whole[1:]):
        package.write_bytes(damaged)
        with pytest.raises(ViewraError):
            fetched(folder, "lyrics", tmp_path)
    package.write_bytes(whole)
    data = json.loads((folder / "index.json").read_text())
    data["plugins"][0]["versions"][0]["version"] = "1.0.1"
    (folder / "index.json").write_text(json.dumps(data))
    with pytest.raises(BadPackage, match=r"does not contain lyrics 1\.0\.1"):
        fetched(folder, "lyrics", tmp_path)


def test_a_package_with_another_plugin_inside_it(folder: Path, plugin: Callable[..., Path], tmp_path: Path) -> None:
    source = plugin("1.0.0")
    (source / "lib" / "lyrics").mkdir(parents=True)
    for name in ("plugin.cue", "main.py"):
        (source / name).rename(source / "lib" / "lyrics" / name)
    (source / "lib" / "plugin.cue").write_text(MANIFEST.replace("VERSION", "1.0.0").replace('"lyrics"', '"other"'))
    (source / "lib" / "main.py").write_text("print()\n")
    zip_folder(source, folder / "package.zip")
    publishing.build(folder)
    text = (folder / "index.json").read_text()
    (folder / "index.json").write_text(text.replace('"id": "other"', '"id": "lyrics"'))
    with pytest.raises(BadPackage, match=r"does not contain lyrics 1\.0\.0"):
        fetched(folder, "lyrics", tmp_path)


def test_a_catalog_whose_file_never_ends(folder: Path) -> None:
    os.mkfifo(folder / "index.json")
    with pytest.raises(ViewraError, match="this is no plain file"):
        catalogs.read_all([str(folder)])


def test_a_name_is_the_catalogs_whatever_lies_here(
    folder: Path, plugin: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing.pack(plugin("1.0.0"), folder)
    publishing.build(folder)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("lyrics", "lyrics==1.0.0", "films"):
        shutil.copytree(plugin(f"9.0.0-{len(name)}"), here / name)

    def origin(source: str, *used: Path) -> str:
        with staged_source([str(one) for one in used], tmp_path / "data", source) as package:
            return package.origin.kind

    assert [origin(name, folder) for name in ("lyrics", "lyrics==1.0.0")] == ["catalog", "catalog"]
    assert [origin("./lyrics", folder), origin("lyrics"), origin("./films", folder)] == ["folder"] * 3
    with pytest.raises(UsageError, match="no catalog has a plugin 'films'") as raised:
        origin("films", folder)
    assert raised.value.hint == "the folder or file here is ./films"


def test_signatures(folder: Path, plugin: Callable[..., Path], tmp_path: Path) -> None:
    ours = signatures.make_key(tmp_path / "ours", "")
    other = signatures.make_key(tmp_path / "other", "")
    package = publishing.pack(plugin("1.0.0"), folder)
    entry = publishing.build(folder, signatures.read_secret_key(tmp_path / "ours", str))[0]
    assert entry.versions[0].signer == ours
    assert Catalog.of(f"{folder}#{ours}").read().plugins == (entry,)
    with pytest.raises(ViewraError, match="is not signed by"):
        Catalog.of(f"{folder}#{other}").read()
    with pytest.raises(ViewraError, match="no public key"):
        Catalog.of(f"{folder}#abc")
    data = json.loads((folder / "index.json").read_text())
    data["plugins"][0]["versions"][0]["signer"] = other
    (folder / "index.json").write_text(json.dumps(data))
    with pytest.raises(ViewraError, match="is not signed by"):
        fetched(folder, "lyrics", tmp_path)
    with pytest.raises(ViewraError, match="is not signed by"):
        Catalog.of(f"{folder}#{ours}").read()
    (package.with_name(package.name + ".minisig")).write_text("nonsense")
    with pytest.raises(ViewraError):
        publishing.build(folder, signatures.read_secret_key(tmp_path / "ours", str))


def test_a_signature_of_the_program_minisign(tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    package.write_bytes(b"viewra\n")
    key = signatures.public_key(MINISIGN_KEY)
    signatures.verify(package, MINISIGN_SIGNATURE, key)
    package.write_bytes(b"viewrA\n")
    with pytest.raises(ViewraError, match="is not signed by"):
        signatures.verify(package, MINISIGN_SIGNATURE, key)


def test_what_a_publisher_does_wrong(folder: Path, plugin: Callable[..., Path]) -> None:
    source = plugin("1.0.0")
    package = publishing.pack(source, folder)
    assert publishing.pack(source, folder) == package
    (source / "main.py").write_text("changed")
    with pytest.raises(UsageError, match="exists with other content"):
        publishing.pack(source, folder)
    shutil.copy(package, folder / "copy.zip")
    with pytest.raises(UsageError, match="same version of lyrics"):
        publishing.build(folder)
    (folder / "copy.zip").write_bytes(b"no archive")
    with pytest.raises(BadPackage, match=r"copy\.zip"):
        publishing.build(folder)
    (source / "dist").mkdir()
    with pytest.raises(UsageError, match="would be packed into it"):
        publishing.pack(source, source / "dist")
    assert {one.name for one in folder.iterdir()} == {package.name, "copy.zip"}


KEYS = st.sampled_from(["id", "name", "versions", "version", "file"])
PLUGIN = st.dictionaries(KEYS, st.none() | st.integers() | st.text(max_size=5) | st.lists(st.just({"version": "1"})))


@given(st.none() | st.text(max_size=5) | st.lists(PLUGIN))
def test_any_json_is_a_catalog_or_refused(data: object) -> None:
    try:
        index.parse(json.dumps({"format": 1, "plugins": data}).encode(), "here")
    except ViewraError as error:
        assert "the catalog here is invalid" in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("file", ["../x.zip", "/etc/passwd", "a/b.zip", "http://x/y.zip", "x.exe", ""])
def test_a_file_elsewhere(file: str) -> None:
    release = {"version": "1.0.0", "file": file, "sha256": "a" * 64, "size": 1}
    entry = {"id": "x", "name": "X", "versions": [release]}
    with pytest.raises(ViewraError, match="is invalid"):
        index.parse(json.dumps({"format": 1, "plugins": [entry]}).encode(), "here")
