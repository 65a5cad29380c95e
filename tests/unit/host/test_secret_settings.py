"""Secrets wherever a manifest marks them: encrypted in the database, shown nowhere, quoted by no message."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import sqlalchemy as sa

from viewra import manifest as manifests
from viewra.cli._assignments import pairs
from viewra.db import StoredSetting, open_database, read_settings, write_settings
from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.host.installed.secrets import SecretBox
from viewra.host.installed.settings import PluginSettings, stored_values

HEAD = 'id: "x"\nname: "X"\nversion: "1.0.0"\nentry_points: main: "main.py"\n'
MARKED = {
    "a field": ("key: string @secret()", {"key": "hunter2"}),
    "a struct around it": ("api: {key: string, url: string} @secret()", {"api": {"key": "hunter2", "url": "u"}}),
    "a line of the struct": ("api: {\n@secret()\nkey: string\n}", {"api.key": "hunter2"}),
    "a field of a struct that is set as a whole": (
        "api: {key: string @secret(), n: int | *1}",
        {"api": {"key": "hunter2"}},
    ),
    "an item of a list": ("keys: [...string] @secret()", {"keys": ["a", "hunter2"]}),
    "a field of an item": (
        "accounts: [...{name: string, password: string @secret()}]",
        {"accounts": [{"name": "n", "password": "hunter2"}]},
    ),
    "a field of an item of a closed list": ("pair: [{p?: string @secret()}, int]", {"pair": [{"p": "hunter2"}, 1]}),
    "an optional field": ("key?: string @secret()", {"key": "hunter2"}),
    "a field of an optional struct": (
        "proxy?: {user?: string, password: string @secret()}",
        {"proxy.password": "hunter2"},
    ),
    "a pattern": ("tokens: {[string]: string @secret()}", {"tokens.one": "hunter2"}),
    "a field below a pattern": ("hosts: [string]: {token: string @secret()}", {"hosts": {"a": {"token": "hunter2"}}}),
    "an alternative": (
        'auth: {kind: "none"} | {kind: "key", key: string @secret()}',
        {"auth": {"kind": "key", "key": "hunter2"}},
    ),
    "a definition that a field refers to": ("key: #Key\n#Key: string @secret()", {"key": "hunter2"}),
    "a field of such a definition": (
        "api: #Api\n#Api: {key: string @ui(secret), n: int | *1}",
        {"api": {"key": "hunter2"}},
    ),
    "an embedded struct": ("api: {{key: string @tag(sensitive)}, n: int | *1}", {"api.key": "hunter2"}),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, fresh_database: Path) -> Iterator[sa.Engine]:
    """One database for all tests, whose plugins have ids of their own."""
    engine = open_database(f"sqlite:///{shutil.copy(fresh_database, tmp_path_factory.mktemp('data'))}")
    yield engine
    engine.dispose()


@pytest.fixture
def make(tmp_path: Path, engine: sa.Engine) -> Callable[[str], PluginSettings]:
    def one(settings: str) -> PluginSettings:
        (tmp_path / "plugin.cue").write_text(HEAD + "settings: {\n" + settings + "\n}\n")
        return PluginSettings(str(tmp_path), manifests.load(tmp_path).settings, engine, SecretBox(tmp_path))

    return one


def rows(settings: PluginSettings) -> dict[str, StoredSetting]:
    return read_settings(settings._engine, settings._plugin_id)


@pytest.mark.parametrize(("text", "values"), MARKED.values(), ids=MARKED)
def test_a_secret_is_encrypted_and_hidden_wherever_it_is_marked(
    make: Callable[[str], PluginSettings], tmp_path: Path, text: str, values: dict[str, object]
) -> None:
    settings = make(text)
    settings.change(values)
    assert all(row.encrypted for row in rows(settings).values())
    assert "hunter2" not in repr(rows(settings))
    assert "hunter2" not in repr(settings.shown())
    assert "hunter2" in settings.config()["_json"], "the plugin gets it"
    assert any(setting.source == "operator" for setting in settings.shown())


@pytest.mark.parametrize(("text", "values"), MARKED.values(), ids=MARKED)
def test_what_was_kept_as_plain_text_is_encrypted_when_it_is_read(
    make: Callable[[str], PluginSettings], tmp_path: Path, text: str, values: dict[str, object]
) -> None:
    settings = make(text)
    plain = {key: StoredSetting(json.dumps(value)) for key, value in values.items()}
    write_settings(settings._engine, settings._plugin_id, plain)
    assert "hunter2" not in repr(settings.shown())
    assert "hunter2" not in repr(rows(settings))
    assert "hunter2" in settings.config()["_json"]


@pytest.mark.parametrize(
    ("text", "assign"),
    [
        ("api: {key: int @secret()}", {"api": {"key": "hunter2"}}),
        ("api: {key: int @secret()}", {"api": "hunter2"}),
        ("accounts: [...{password: int @secret()}]", {"accounts": [{"password": "hunter2"}]}),
        ("accounts: [...{password: int @secret()}]", {"accounts": "hunter2"}),
        ("hosts: [string]: {token: int @secret()}", {"hosts.a.token": "hunter2"}),
        ("hosts: [string]: {token: int @secret()}", {"hosts": {"a": {"token": ["hunter2"]}}}),
        ('auth: {k: "a"} | {k: "b", key: int @secret()}', {"auth": {"k": "b", "key": "hunter2"}}),
        ('key: string @secret()\nurl: =~"^http:" | *"http:x"\nurl: "https://\\(key)"', {"key": "hunter2"}),
        ('key: string @secret()\nother: string | *"a"\nother: "\\(key)-x" & "no"', {"key": "hunter2"}),
        ('mode: "a" | "b" @secret()', {"mode": "hunter2"}),
        ("keys: [string, string] @secret()", {"keys": ["hunter2", 5, 6]}),
        ("long: int @secret()", {"long": "hunter2" + "x" * 100}),
        ("quoted: int @secret()", {"quoted": 'hunter2"\n'}),
    ],
)
def test_no_message_quotes_a_secret(
    make: Callable[[str], PluginSettings], text: str, assign: dict[str, object]
) -> None:
    settings = make(text)
    with pytest.raises(ManifestError) as caught:
        settings.change(assign)
    shown = "".join(map(str, (caught.value, *caught.value.errors)))
    assert "hunter2" not in shown
    assert "does not fit" in shown
    write_settings(
        settings._engine, settings._plugin_id, {key: StoredSetting(json.dumps(value)) for key, value in assign.items()}
    )
    with pytest.raises(ManifestError) as caught:
        settings.config()
    assert "hunter2" not in "".join(map(str, (caught.value, *caught.value.errors)))


def test_a_secret_default_is_not_shown(make: Callable[[str], PluginSettings]) -> None:
    settings = make(
        'api: {key: string | *"hunter2" @secret(), n: int | *1}\nall: [...{p: *"hunter2" | string @secret()}]'
    )
    assert "hunter2" not in repr(settings.shown())


def test_a_part_that_is_no_secret_is_shown(make: Callable[[str], PluginSettings]) -> None:
    settings = make(
        "accounts: [...{name: string, password: string @secret()}]\napi: {key: string @secret(), n: int | *1}"
    )
    settings.change({"accounts": [{"name": "n", "password": "p"}], "api": {"key": "k", "n": 5}})
    shown = {setting.key: setting for setting in settings.shown()}
    assert shown["accounts"].value == [{"name": "n", "password": None}]
    assert (shown["api.key"].value, shown["api.key"].source, shown["api.key"].secret) == (None, "operator", True)
    assert (shown["api.n"].value, shown["api.n"].source) == (5, "operator")


def test_a_key_leads_into_a_struct_that_is_set_as_a_whole(make: Callable[[str], PluginSettings]) -> None:
    settings = make("api: {key: string @secret(), n: int | *1}")
    settings.change({"api": {"key": "k", "n": 5}})
    settings.change({"api.n": 6})
    assert json.loads(settings.config()["_json"]) == {"api": {"key": "k", "n": 6}}
    settings.change({}, ["api.n"])
    assert json.loads(settings.config()["_json"]) == {"api": {"key": "k", "n": 1}}
    with pytest.raises(UsageError, match=r"api\.n"):
        settings.change({}, ["api.n"])
    settings.change({"api.n": 7})
    settings.change({"api": {"key": "other"}})
    assert json.loads(settings.config()["_json"]) == {"api": {"key": "other", "n": 1}}


def test_a_secret_whose_key_is_gone_is_listed_and_can_be_set_again(
    make: Callable[[str], PluginSettings], tmp_path: Path
) -> None:
    settings = make("key: string @secret()\nn: int | *1")
    settings.change({"key": "hunter2"})
    (tmp_path / "secret.key").unlink()
    assert settings.shown()[0].source == "operator"
    with pytest.raises(ViewraError, match="key of secret settings"):
        settings.config()
    settings.change({"key": "again"})
    assert settings.config()["key"] == "again"


def test_a_change_that_makes_another_value_wrong_is_refused(make: Callable[[str], PluginSettings]) -> None:
    settings = make("low: int | *1\nhigh: int | *10\nhigh: >low")
    with pytest.raises(ManifestError, match="high"):
        settings.change({"low": 50})
    settings.change({"low": 50, "high": 60})
    assert (settings.config()["low"], settings.config()["high"]) == ("50", "60")
    with pytest.raises(ManifestError, match="high"):
        settings.change({"low": 70})


def test_an_alternative_may_ask_for_another_value(make: Callable[[str], PluginSettings]) -> None:
    settings = make('auth: *{kind: "none"} | {kind: "key", key: string @secret()}\nname: string')
    settings.change({"name": "n"})
    settings.change({"auth": {"kind": "key", "key": "k"}})
    assert json.loads(settings.config()["_json"])["auth"] == {"kind": "key", "key": "k"}


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("tokens.a", "20", "20"),
        ("proxy.port", "20", 20),
        ("proxy.user", "5", "5"),
        ("any", "[" * 100_000, "[" * 100_000),
        ("any", "9" * 5_000, "9" * 5_000),
    ],
)
def test_texts_take_the_type_that_a_pattern_or_an_optional_field_has(
    make: Callable[[str], PluginSettings], key: str, text: str, value: object
) -> None:
    settings = make("tokens: [string]: string\nproxy?: {port: int, user: string}\nany: _ | *1")
    assert settings.parse(key, text) == value


def test_stored_values_are_read_for_a_check(tmp_path: Path, engine: sa.Engine) -> None:
    (tmp_path / "plugin.cue").write_text(HEAD + "settings: {key: string @secret(), n: int | *1}")
    manifest = manifests.load(tmp_path)
    PluginSettings("x", manifest.settings, engine, SecretBox(tmp_path)).change({"key": "k", "n": 3})
    assert stored_values(manifest, str(engine.url), SecretBox(tmp_path)) == {"key": "k", "n": 3}
    assert stored_values(manifest, f"sqlite:///{tmp_path / 'none.db'}", SecretBox(tmp_path)) == {}
    assert not (tmp_path / "none.db").exists()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_value_from_standard_input_or_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    assert pairs(["n=1", "key=-"]) == {"n": "1", "key": "hunter2"}
    with pytest.raises(UsageError, match="only one value"):
        pairs(["a=-", "b=-"])
    with pytest.raises(UsageError, match="no terminal"):
        pairs(["key"])
    with pytest.raises(UsageError, match="twice"):
        pairs(["a=1", "a=2"])
    asked: list[dict[str, object]] = []

    def prompt(text: str, **how: object) -> str:
        asked.append({"text": text, **how})
        return "typed"

    monkeypatch.setattr("sys.stdin", _Terminal(""))
    monkeypatch.setattr(click, "prompt", prompt)
    assert pairs(["key", "other=-"]) == {"key": "typed", "other": "typed"}
    assert all(one["hide_input"] for one in asked)


def test_what_only_patterns_name_is_shown_one_by_one(make: Callable[[str], PluginSettings]) -> None:
    settings = make("env: [string]: string\nn: 1")
    assert [one.key for one in settings.shown()] == ["env", "n"]
    settings.change({"env.A": "5", "env.B": "x"})
    assert [(one.key, one.value, one.type) for one in settings.shown()] == [
        ("n", 1, "int"),
        ("env.A", "5", "string"),
        ("env.B", "x", "string"),
    ]


def test_a_key_that_a_full_disk_cannot_take_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ViewraError, match=r"secret\.key: No space left on device") as caught:
        SecretBox(tmp_path).encrypt("x")
    assert caught.value.hint == "free space on its disk"
    assert list(tmp_path.iterdir()) == []


VARIABLES = """
runtime: env: {
    API_TOKEN: "hunter2", PASSWORDS: "hunter2", db_key: "hunter2", MARKED: "hunter2" @secret()
    MODE: "fast", KEYBOARD: "de", TOKENIZER: "bert", AUTHOR: "me"
}
"""


def test_variables_that_are_marked_or_named_like_secrets_are_hidden(tmp_path: Path, engine: sa.Engine) -> None:
    (tmp_path / "plugin.cue").write_text(HEAD + VARIABLES)
    manifest = manifests.load(tmp_path)
    schema = manifest.runtime_schema
    secret = {"API_TOKEN", "PASSWORDS", "db_key", "MARKED"}
    shown = schema.without_secrets(manifest.runtime).env
    assert {name for name, value in shown.items() if value == "(secret)"} == secret
    assert manifest.runtime.env["API_TOKEN"] == "hunter2"
    settings = PluginSettings(str(tmp_path), schema.settings, engine, SecretBox(tmp_path), mark=":", given=schema.given)
    settings.change({"env.MARKED": "hunter3", "env.OTHER_SECRET": "hunter3", "env.PLAIN": "x"})
    assert "hunter" not in repr(settings.shown())
    assert {key for key, one in rows(settings).items() if one.encrypted} == {":env.MARKED", ":env.OTHER_SECRET"}
    assert schema.runtime(settings.operator()).env["OTHER_SECRET"] == "hunter3"
