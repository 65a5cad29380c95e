"""The fields of a form of settings: which input suits each setting, what it shows, and what was meant by its text."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import attrs

from viewra.host.installed.settings import Setting
from viewra.manifest.shapes import Shape
from viewra.web.pages import setting_rows
from viewra.web.pages.forms import Form
from viewra.web.pages.setting_rows import Cell
from viewra.web.pages.words import words

LEFT: Final = object()
"""A setting that the form leaves as it is."""
UNSET: Final = object()
"""A setting that gets its default back."""

_UNITS = {"s": "seconds", "ms": "milliseconds", "kb": "KiB", "mb": "MiB", "gb": "GiB", "percent": "%"}
_ACRONYMS = frozenset({"api", "cpu", "dns", "http", "https", "id", "ip", "tcp", "tls", "udp", "url"})
_TEXTS = frozenset({"textarea", "multiline"})
_KINDS = {"color": "color", "email": "email", "url": "url", "date": "date", "time": "time", "tel": "tel"}
"""The types of inputs for text, by ``@ui(widget=…)``."""


def title_of(name: str) -> str:
    """A key, or the name of a group, in words: ``cpu_percent`` is CPU (%)."""
    stem, _, end = name.rpartition("_")
    unit = f" ({_UNITS[end]})" if stem and end in _UNITS else ""
    parts = (stem if unit else name).split("_")
    return words(" ".join(part.upper() if part in _ACRONYMS else part for part in parts)) + unit


class Unreadable(ValueError):
    """The text of a field is not what its kind of input takes."""


@attrs.frozen
class Field:
    """One setting in a form. ``required``: it has no default; ``sealed``: the value, or a part of it, is secret.

    ``typed`` is what was sent, None before; ``error`` is what is wrong with it.
    """

    setting: Setting
    shape: Shape
    required: bool = False
    sealed: bool = False
    typed: Form | None = None
    error: str = ""

    @property
    def key(self) -> str:
        """The setting's key."""
        return self.setting.key

    @property
    def title(self) -> str:
        """The label: that of the manifest, else the key in words."""
        own, last = self.setting.title, self.key.rpartition(".")[2]
        if own not in {"", last}:
            return own
        return title_of(last)

    @property
    def is_set(self) -> bool:
        """Whether the operator set it."""
        return self.setting.source == "operator"

    @property
    def input(self) -> str:
        """The kind of input: secret, switch, select, checks, lines, rows, number, text, area or json."""
        shape, items = self.shape, self.shape.items
        if self.sealed:
            return "secret" if shape.accepts("string", "null") else "json"
        if shape.choices:
            return "select"
        if shape.accepts("bool"):
            return "switch" if self.setting.value is not None else "select"
        if shape.accepts("list") and items is not None:
            if items.choices:
                return "checks"
            if items.accepts("string", "int", "float"):
                return "lines"
            if setting_rows.fits(items, self.setting.value):
                return "rows"
        if shape.accepts("int", "float"):
            return "number"
        if shape.kinds & {"list", "struct"} or not shape.kinds:
            return "json"
        return "area" if self.setting.widget in _TEXTS else "text"

    @property
    def rows(self) -> list[list[Cell]]:
        """The inputs of a list of structs."""
        assert self.shape.items is not None  # noqa: S101 - ``input`` says so
        return setting_rows.rows(self.key, self.shape.items, self.setting.value, self.typed)

    @property
    def type(self) -> str:
        """The type of an input for text or a number."""
        if self.input == "number":
            bounded = self.shape.low is not None and self.shape.high is not None
            return "range" if self.setting.widget in {"slider", "range"} and bounded else "number"
        if self.setting.widget == "password":
            return "password"
        return _KINDS.get(self.setting.widget, "text") if self.shape.accepts("string") else "text"

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """What can be chosen: the value as JSON, its label, and whether it is chosen."""
        if self.input == "checks":
            items = self.shape.items.choices if self.shape.items is not None else ()
            given = self.setting.value if isinstance(self.setting.value, list) else []
            chosen = set(self.typed.all(self.name)) if self.typed is not None else set(map(_encoded, given))
            return [(_encoded(one), _label(one), _encoded(one) in chosen) for one in items]
        values = self.shape.choices or (True, False)
        now = self.typed.raw(self.name) if self.typed is not None else _encoded(self.setting.value)
        found = [(_encoded(one), _label(one), _encoded(one) == now) for one in values]
        if self.setting.source == "unset" or (self.setting.value is None and None not in values):
            return [("", "not set", not any(chosen for *_, chosen in found)), *found]
        return found

    @property
    def name(self) -> str:
        """The name of its input."""
        return f"v:{self.key}"

    @property
    def on(self) -> bool:
        """Whether a switch is on."""
        return self.name in self.typed if self.typed is not None else self.setting.value is True

    @property
    def text(self) -> str:
        """What its input shows; never a secret."""
        if self.sealed:
            return ""
        if self.typed is not None:
            return self.typed.raw(self.name)
        value = self.setting.value
        if value is None:
            return ""
        if self.input == "json":
            return json.dumps(value, ensure_ascii=False, indent=2)
        if self.input == "lines":
            return "\n".join(map(_label, value if isinstance(value, list) else [value]))
        return _label(value)

    @property
    def default(self) -> str:
        """The default in words; "" without one."""
        if self.setting.default is None:
            return ""
        return _label(self.setting.default) or '""'

    def meant(self, form: Form) -> Any:
        """The value that a form has for it, LEFT or UNSET. Raises Unreadable."""
        if self.key in form.all("unset"):
            return UNSET if self.is_set else LEFT
        if f"has:{self.key}" not in form:
            return LEFT
        value = self._read(form)
        if value is LEFT or value is UNSET:
            return value if self.is_set else LEFT
        same = value == self.setting.value and type(value) is type(self.setting.value)
        return LEFT if same and not self.sealed and self.setting.source != "unset" else value

    def _read(self, form: Form) -> Any:
        raw = form.raw(self.name)
        match self.input:
            case "switch":
                return self.name in form
            case "checks":
                return [_decoded(one) for one in form.all(self.name)]
            case "select":
                return UNSET if raw == "" else _decoded(raw)
            case "lines":
                return [self._item(line.strip()) for line in raw.splitlines() if line.strip()]
            case "rows":
                assert self.shape.items is not None  # noqa: S101 - ``input`` says so
                return setting_rows.meant(self.key, self.shape.items, form)
            case "secret":
                return LEFT if raw == "" else raw
            case "json":
                return UNSET if not raw.strip() and not self.sealed else LEFT if not raw.strip() else _json(raw)
            case "number":
                return UNSET if not raw.strip() else _decoded(raw.strip())
        return self._text(raw.replace("\r\n", "\n"))

    def _item(self, text: str) -> object:
        items = self.shape.items
        return text if items is None or items.accepts("string") else _decoded(text)

    def _text(self, raw: str) -> object:
        if raw == "" and (not self.shape.accepts("string") or self.setting.source == "unset"):
            return None if "null" in self.shape.kinds else UNSET
        if self.shape.accepts("string", "null"):
            return raw
        return _decoded(raw)


def _json(text: str) -> object:
    try:
        return _loaded(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"this is not JSON: {error}") from error


def _decoded(text: str) -> object:
    """A JSON value; text that is none stays text, so that the manifest says what it expects."""
    try:
        return _loaded(text)
    except (ValueError, RecursionError):
        return text


def _loaded(text: str) -> object:
    """Read JSON. Raises ValueError, also for what Python alone takes for a number, and one beyond its numbers."""
    return json.loads(text, parse_constant=_finite, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:50]} is no number that can be stored")
    return number


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _label(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
