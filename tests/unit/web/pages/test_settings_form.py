"""The form of settings: each kind of value shown, changed, refused beside its field; secrets never sent back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.unit.web.pages.conftest import Elements, Visitor
from viewra.web.accounts.identity import Scope

FORM = "/admin/plugin/films/settings"


def filled(page: str) -> dict[str, Any]:
    """What a browser would send if nobody changed anything."""
    fields: dict[str, Any] = {}
    form = re.search(r'<form class="stack".*?</form>', page, re.DOTALL)
    assert form is not None
    areas = dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form[0], re.DOTALL))
    name = ""
    for tag, attributes in Elements(form[0]).all:
        if tag == "select":
            name = attributes["name"]
        elif tag == "option" and "selected" in attributes:
            fields[name] = attributes["value"]
        elif tag == "input" and (attributes.get("type") != "checkbox" or "checked" in attributes):
            usual = "on" if attributes.get("type") == "checkbox" else ""
            fields.setdefault(attributes["name"], []).append(attributes.get("value", usual))
    text = {name: value.replace("&#34;", '"').replace("&lt;", "<") for name, value in areas.items()}
    return {**fields, **text}


def send(visitor: Visitor, status: int = 200, without: tuple[str, ...] = (), **changes: Any) -> str:
    """Fill in the form, leave out fields of these keys, and send it."""
    fields = filled(visitor.get(FORM))
    fields |= {f"v:{key.replace('__', '.')}": value for key, value in changes.items()}
    for key in without:
        del fields[f"v:{key}"]
    return visitor.post(FORM, status, **{name: value for name, value in fields.items() if name != "csrf_token"})


def values(visitor: Visitor) -> Mapping[str, object]:
    return visitor.site.host.plugins["films"].settings.operator()


def wrong(page: str) -> dict[str, str]:
    found = re.findall(r'<p class="wrong" id="e-([^"]+)">(.*?)</p>', page, re.DOTALL)
    return {key: text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"') for key, text in found}


def test_a_form_that_nobody_changed_changes_nothing(visitor: Visitor) -> None:
    assert "nothing was changed" in send(visitor)
    assert values(visitor) == {}


def test_each_kind_of_value_is_set_as_it_was_meant(visitor: Visitor) -> None:
    said = send(
        visitor,
        region="de",
        timeout_s="12",
        ratio="0.25",
        adult="on",
        languages="fr\r\n\r\n it \r\n",
        kinds=['"film"', '"music"'],
        site="https://b.example",
        proxy__port="99",
        rules__0__match="a",
        rules__0__as="b",
        limit="7",
        name="Clara",
    )
    assert "saved: adult, kinds, languages, limit, name, proxy.port" in said
    assert values(visitor) == {
        "region": "de",
        "timeout_s": 12,
        "ratio": 0.25,
        "adult": True,
        "languages": ["fr", "it"],
        "kinds": ["film", "music"],
        "site": "https://b.example",
        "proxy.port": 99,
        "rules": [{"match": "a", "as": "b"}],
        "limit": 7,
        "name": "Clara",
    }
    again = filled(visitor.get(FORM))
    assert (again["v:region"], again["v:adult"], again["v:languages"].split()) == ('"de"', ["on"], ["fr", "it"])


def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_saved(visitor: Visitor) -> None:
    page = send(visitor, 422, timeout_s="99", ratio="a lot", site="ftp://x", languages="de", rules__0__match="a")
    assert wrong(page) == {
        "timeout_s": "99 is not <=30",
        "ratio": 'expected number, found "a lot"',
        "site": '"ftp://x" is not =~"^https://"',
        "rules": "item 1, as: this setting is required",
    }
    assert values(visitor) == {}
    assert filled(page)["v:languages"].strip() == "de"  # what was typed is still there


def test_what_is_no_number_for_everyone_is_none_here(visitor: Visitor) -> None:
    assert wrong(send(visitor, 422, ratio="NaN", timeout_s="1e999")) == {
        "ratio": 'expected number, found "NaN"',
        "timeout_s": 'expected int, found "1e999"',
    }
    assert "Infinity is no number" in wrong(send(visitor, 422, extra="[Infinity]"))["extra"]


def test_text_that_is_not_json_is_said_beside_the_field(visitor: Visitor) -> None:
    assert wrong(send(visitor, 422, extra="[{"))["extra"].startswith("this is not JSON")


def test_rows_of_a_list_are_added_changed_and_removed(visitor: Visitor) -> None:
    send(visitor, rules__0__match="a", rules__0__as="b")
    send(visitor, rules__1__match="c", rules__1__as="d", rules__1__weight="2")
    assert values(visitor)["rules"] == [{"match": "a", "as": "b"}, {"match": "c", "as": "d", "weight": 2}]
    assert "nothing was changed" in send(visitor)
    page = send(visitor, 422, rules__1__weight="heavy")
    assert wrong(page) == {"rules": 'item 2, weight: expected int, found "heavy"'}
    assert filled(page)["v:rules.1.weight"] == ["heavy"]
    send(visitor, rules__0__match="", rules__0__as="")
    assert values(visitor)["rules"] == [{"match": "c", "as": "d", "weight": 2}]
    send(visitor, rules__0__match="", rules__0__as="", rules__0__weight="")
    assert values(visitor)["rules"] == []


def test_a_secret_is_set_replaced_and_removed_and_never_sent_back(visitor: Visitor) -> None:
    assert "required" in visitor.get(FORM)
    page = send(visitor, key="s3cret")
    assert "saved: key" in page
    assert "s3cret" not in page
    assert "s3cret" not in send(visitor, 422, key="s3cret2", timeout_s="1")  # not even when it has to be typed again
    assert values(visitor)["key"] == "s3cret"
    send(visitor, ratio="0.75")  # an empty field leaves it
    assert values(visitor)["key"] == "s3cret"
    visitor.post(FORM, unset="key")
    assert "key" not in values(visitor)


def test_a_setting_gets_its_default_back(visitor: Visitor) -> None:
    send(visitor, ratio="0.25", adult="on")
    fields = filled(visitor.get(FORM))
    fields["unset"] = "ratio"
    visitor.post(FORM, **{name: value for name, value in fields.items() if name != "csrf_token"})
    assert values(visitor) == {"adult": True}
    send(visitor, without=("adult",))  # a box that is not ticked is not sent
    assert values(visitor) == {"adult": False}


def test_an_optional_setting_is_set_and_unset(visitor: Visitor) -> None:
    send(visitor, name="Clara")
    assert values(visitor) == {"name": "Clara"}
    visitor.post(FORM, unset="name")
    assert values(visitor) == {}


def test_hints_and_comments_of_the_manifest_are_shown(visitor: Visitor) -> None:
    page = visitor.get(FORM)
    for words in ("API key", "Titles are those of this country", "Only if your network needs one", "Proxy", "Account"):
        assert words in page, words
    assert "Timeout (seconds)" in page


def test_how_a_plugin_runs_is_changed_in_the_same_way(visitor: Visitor) -> None:
    page = visitor.post("/admin/plugin/films/runtime", 422, **{"has:max_calls": "1", "v:max_calls": "0"})
    assert wrong(page) == {"max_calls": "0 is not >=1"}
    visitor.post("/admin/plugin/films/runtime", 200, **{"has:max_calls": "1", "v:max_calls": "3"})
    assert visitor.site.host.plugins["films"].runtime_settings.operator() == {"max_calls": 3}


def test_the_api_unsets_without_setting(visitor: Visitor) -> None:
    operator, where = visitor.as_token(Scope.OPERATE), "/api/v1/plugins/films/settings"
    assert operator.patch(where, json={"values": {"timeout_s": 20}}).status_code == 200
    answer = operator.patch(where, json={"unset": ["timeout_s"]})
    assert answer.status_code == 200, answer.text
    assert next(one for one in answer.json()["settings"] if one["key"] == "timeout_s")["value"] == 10
