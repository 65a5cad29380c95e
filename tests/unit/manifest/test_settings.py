"""Settings: how an operator's values fill the schema, what a plugin is given, and what a form can show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewra.errors import ManifestError
from viewra.manifest import SettingsSchema
from viewra.manifest.load import loads


def schema(settings: str) -> SettingsSchema:
    head = 'id: "tmdb"\nname: "T"\nversion: "1.0.0"\nentry_points: main: "t"\n'
    return loads(head + "settings: {\n" + settings + "\n}\n", Path("plugin.cue")).settings


def refusals(settings: str, values: dict[str, object]) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        schema(settings).fill(values)
    return [str(error) for error in caught.value.errors]


def test_defaults_fill_what_is_not_set() -> None:
    one = schema('timeout: int & >=5 & <=30 | *10\napi: {key: string | *"", retries: int | *3}\nname?: string')
    assert one.fill() == {"timeout": 10, "api": {"key": "", "retries": 3}}
    assert one.fill({"timeout": 7, "api.retries": 1}) == {"timeout": 7, "api": {"key": "", "retries": 1}}
    assert one.fill({"api": {"key": "k"}, "name": "n"}) == {
        "timeout": 10,
        "api": {"key": "k", "retries": 3},
        "name": "n",
    }


def test_a_value_that_does_not_fit_is_refused_with_the_line_of_the_manifest() -> None:
    assert refusals("timeout: int & >=5 & <=30 | *10", {"timeout": 99}) == [
        "plugin.cue:6:22: settings.timeout: 99 is not <=30"
    ]
    assert refusals('mode: "fast" | "exact" | *"fast"', {"mode": "exakt"}) == [
        'plugin.cue:6:7: settings.mode: "exakt" is not one of "fast", "exact", did you mean exact?'
    ]
    assert refusals("tags: [...string]", {"tags": ["a", 5]}) == [
        "plugin.cue:6:11: settings.tags.1: expected string, found 5"
    ]


def test_all_errors_at_once() -> None:
    found = refusals('a: int | *1\nb: string | *"x"\nc: bool', {"a": "x", "b": 5, "d": 1})
    assert [line.split(": ")[1] for line in found] == ["settings.d", "settings.a", "settings.b", "settings.c"]


def test_an_unknown_setting_is_refused_with_a_suggestion() -> None:
    assert refusals("api: timeout: int | *1", {"api.timeot": 5}) == [
        "plugin.cue:6:1: settings.api.timeot: there is no such setting, did you mean timeout?"
    ]
    assert "no such setting" in refusals("a: int | *1", {"b": 5})[0]
    assert "no such setting" in refusals("", {"b": 5})[0]
    assert schema("...").fill({"anything": {"goes": 1}}) == {"anything": {"goes": 1}}
    assert schema("[string]: int").fill({"x": 1}) == {"x": 1}


def test_a_setting_without_a_value_says_how_to_set_it() -> None:
    with pytest.raises(ManifestError) as caught:
        schema("api: key: string").fill()
    assert str(caught.value) == (
        "plugin.cue:6:6: settings.api.key: this setting is required: "
        "set it with `viewra plugins settings tmdb api.key=VALUE`"
    )
    assert caught.value.hint == "viewra plugins settings tmdb api.key=VALUE"
    assert "required" in refusals("key!: string", {})[0]
    assert schema("key!: string").fill({"key": "k"}) == {"key": "k"}
    assert schema("key?: string").fill() == {}


def test_plain_values_are_defaults() -> None:
    one = schema('n: 5\nf: 0.5\nm: -5\ns: "x"\nb: true\nl: ["a", "b"]\nmixed: [1, "a"]\nz: null\ndeep: {n: 1}')
    assert one.fill()["deep"] == {"n": 1}
    changed = {"n": 6, "f": 1, "m": 2, "s": "y", "b": False, "l": [], "mixed": [None], "z": "s", "deep": {"n": 2}}
    assert one.fill(changed) == changed
    assert "expected int" in refusals("n: 5", {"n": "x"})[0]
    assert "expected string" in refusals('l: ["a"]', {"l": [1]})[0]
    fixed = 'u: {kind: "a", x: int | *1} | {kind: "b", y: int | *2} | *{kind: "a", x: 3}'
    assert schema(fixed).fill({"u": {"kind": "b"}}) == {"u": {"kind": "b", "y": 2}}


def test_numbers_of_other_origins_are_made_to_fit() -> None:
    one = schema("i: int | *1\nf: float | *0.5\nn: number | *1\nl: [...float]\nd: {[string]: int}")
    filled = one.fill({"i": 2.0, "f": 3, "n": 2, "l": [1, 2.5], "d": {"x": 4.0}})
    assert json.dumps(filled) == '{"i": 2, "f": 3.0, "n": 2, "l": [1.0, 2.5], "d": {"x": 4}}'
    assert "found 2.5" in refusals("i: int | *1", {"i": 2.5})[0]
    assert "found true" in refusals("i: int | *1", {"i": True})[0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": float("nan")}, "not a CUE number"),
        ({"a": float("inf")}, "not a CUE number"),
        ({"a": object()}, "has no equivalent"),
        ({"a": "\ud800"}, "surrogate"),
        ({"a.b": 1, "a": 2}, "set"),
        ({"a": 2, "a.b": 1}, "set"),
    ],
)
def test_values_that_are_no_data(values: dict[str, object], message: str) -> None:
    assert message in refusals("a: _ | *5", values)[0]


def test_a_secret_is_never_in_a_message() -> None:
    for mark in ("@secret()", "@ui(secret)", "@tag(sensitive)"):
        found = refusals(f'key: =~"^[0-9]+$" | *"" {mark}', {"key": "hunter2"})
        assert "hunter2" not in "".join(found)
        assert "does not fit" in found[0]
    assert "hunter2" not in "".join(refusals("api: {\n@secret()\nkey: int | *1}", {"api.key": "hunter2"}))


def test_what_the_plugin_is_given() -> None:
    one = schema('on: true\nn: 5\nf: 0.5\ns: "a b"\nnone: null\nl: ["x"]\napi: {key: "k", deep: {z: 1}}\ne: {}')
    config = one.config({"n": 6})
    whole = config.pop("_json")
    assert config == {
        "on": "true",
        "n": "6",
        "f": "0.5",
        "s": "a b",
        "none": "null",
        "l": '["x"]',
        "api.key": "k",
        "api.deep.z": "1",
        "e": "{}",
    }
    assert json.loads(whole) == one.fill({"n": 6})
    assert schema("").config() == {"_json": "{}"}


def test_what_the_host_keeps_is_not_given_to_the_plugin() -> None:
    one = schema(
        "key: string @secret(host)\nseen: string @secret()\napi: {\n@secret(host)\ntoken: string\n}\n"
        "users: [...{name: string, password: string @secret(host)}]\nn: 5"
    )
    values = {"key": "k", "seen": "s", "api.token": "t", "users": [{"name": "a", "password": "p"}]}
    config = one.config(values)
    assert json.loads(config.pop("_json")) == {"seen": "s", "users": [{"name": "a"}], "n": 5}
    assert config == {"seen": "s", "users": '[{"name":"a"}]', "n": "5"}
    assert one.secret_texts(values) == {"key": "k", "seen": "s", "api.token": "t"}
    assert schema("").secret_texts() == {}


def test_fields_describe_every_setting() -> None:
    one = schema(
        '@ui(title="All")\n'
        'timeout: int & >=5 & <=30 | *10 @ui(title="Timeout (s)", min=5, order=1.5, advanced, on=true)\n'
        "key: string @secret()\n"
        'mode: "fast" | "exact" | *"fast"\n'
        "tags: [...string]\n"
        'api: {\n@ui(title="The API")\nurl?: string\nrate: float | *0.5\nrate: <=1.0\n}\n'
    )
    timeout, key, mode, tags, url, rate = one.fields()
    assert (timeout.key, timeout.type, timeout.constraint) == ("timeout", "int", "int & >=5 & <=30 | *10")
    assert (timeout.default, timeout.has_default, timeout.required, timeout.secret) == (10, True, False, False)
    assert timeout.ui == {"title": "Timeout (s)", "min": 5, "order": 1.5, "advanced": True, "on": True}
    assert (timeout.line, timeout.column) == (7, 1)
    assert (key.key, key.type, key.required, key.secret, key.has_default) == ("key", "string", True, True, False)
    assert (mode.type, mode.default) == ("string", "fast")
    assert (tags.type, tags.default) == ("list", [])
    assert (url.key, url.required, url.has_default) == ("api.url", False, False)
    assert (rate.key, rate.constraint, rate.default) == ("api.rate", "float | *0.5 & <=1.0", 0.5)
    assert [(group.key, group.ui, group.line) for group in one.groups()] == [
        ("", {"title": "All"}, 5),
        ("api", {"title": "The API"}, 11),
    ]


def test_settings_may_refer_to_one_another_and_to_the_file() -> None:
    text = (
        'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "a"\n'
        '#Level: "low" | "high" | *"low"\n'
        'settings: {level: #Level, size: int | *2, double: size * 2, label: "\\(name)-\\(size)"}\n'
    )
    one = loads(text, Path("plugin.cue")).settings
    assert one.fill() == {"level": "low", "size": 2, "double": 4, "label": "A-2"}
    assert one.fill({"size": 5, "level": "high"}) == {"level": "high", "size": 5, "double": 10, "label": "A-5"}


def test_hints_for_a_form() -> None:
    key, plain = schema(
        'api: key: string | *"" @ui(title="Key", help="Your account", group="Service", widget="password")\nplain: 1'
    ).fields()
    assert (key.title, key.help, key.group, key.widget) == ("Key", "Your account", "Service", "password")
    assert (plain.title, plain.help, plain.group, plain.widget) == ("plain", "", "", "")


def test_a_plain_value_goes_before_the_default_of_a_definition() -> None:
    text = (
        'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "a"\n'
        '#Def: {field: int & >0 | *3, tags: [...string] | *[], more: string | *"x"}\n'
        'settings: one: #Def & {field: 5, tags: ["t"]}\n'
    )
    one = loads(text, Path("plugin.cue")).settings
    assert one.fill() == {"one": {"field": 5, "tags": ["t"], "more": "x"}}
    assert one.fill({"one.field": 7, "one.tags": []}) == {"one": {"field": 7, "tags": [], "more": "x"}}
    with pytest.raises(ManifestError, match="0 is not >0"):
        one.fill({"one.field": 0})
