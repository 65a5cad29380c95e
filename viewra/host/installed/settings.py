"""One plugin's settings: the manifest's schema, the operator's values over it, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db import StoredSetting, read_settings, write_settings
from viewra.errors import ManifestError, UsageError
from viewra.host.installed.secrets import SecretBox
from viewra.manifest import SettingField, SettingsSchema


@attrs.frozen
class Setting:
    """One setting as shown: ``value`` is None for a secret, whether or not it is set; ``source`` says who set it.

    ``source`` is ``operator``, ``manifest`` (the default) or ``unset``.
    """

    key: str
    type: str
    constraint: str
    default: Any
    value: Any
    source: str
    secret: bool


RUNTIME_MARK = ":"
"""What the keys begin with under which settings of a plugin's ``runtime`` are kept: no field of a manifest does."""


class PluginSettings:
    """The settings of one plugin. Values are given and kept as JSON data under dotted keys.

    ``mark`` keeps apart what is set of another part of the manifest, ``given`` is what that says itself.
    """

    def __init__(
        self,
        plugin_id: str,
        schema: SettingsSchema,
        engine: sa.Engine,
        box: SecretBox,
        *,
        mark: str = "",
        given: Mapping[str, object] | None = None,
    ) -> None:
        self._plugin_id = plugin_id
        self._schema = schema
        self._engine = engine
        self._box = box
        self._mark = mark
        self._given = given or {}

    def config(self) -> dict[str, str]:
        """``PluginContext.config``; raises ManifestError for a value that does not fit or is required and missing."""
        return self._schema.config(self.operator())

    def shown(self) -> list[Setting]:
        """Every setting of the manifest, in its order. A secret's value and default are never in it."""
        given = self._stored()
        fields = list(self._schema.fields())
        known = {field.key for field in fields}
        more = [_named(key, self._given.get(key)) for key in {**self._given, **given} if key not in known]
        return [self._shown(field, given) for field in (*fields, *more)]

    def change(self, assign: Mapping[str, object], unset: Collection[str] = ()) -> None:
        """Set and unset values, all of them or none.

        Raises ManifestError for values that do not fit, each with the line of the manifest, and UsageError for a key to
        unset that is not set.
        """
        stored = self._stored()
        for key in unset:
            if key not in stored:
                raise UsageError(f"setting {key} of plugin {self._plugin_id} is not set", hint="nothing was changed")
        kept = {key: value for key, value in self.operator().items() if key not in unset}
        try:
            self._schema.fill({**self._given, **kept, **assign})
        except ManifestError as error:
            # One that is still missing, or was wrong before, is no reason to refuse another.
            concerned = tuple(one for one in error.errors if _concerns(one, assign))
            if concerned:
                raise ManifestError(
                    concerned[0].message,
                    file=concerned[0].file,
                    line=concerned[0].line,
                    column=concerned[0].column,
                    path=concerned[0].path,
                    errors=concerned,
                ) from error
        secrets = {field.key for field in self._schema.fields() if field.secret}
        rows = {self._mark + key: self._sealed(value, secret=key in secrets) for key, value in assign.items()}
        write_settings(self._engine, self._plugin_id, rows, [self._mark + key for key in unset])

    def parse(self, key: str, text: str) -> object:
        """What ``KEY=TEXT`` means for this plugin."""
        return parse_setting(self._schema, key, text)

    def _shown(self, field: SettingField, given: Mapping[str, StoredSetting]) -> Setting:
        operator = field.key in given
        has_default = field.has_default or field.key in self._given
        value = None
        if not field.secret:
            value = json.loads(given[field.key].value) if operator else self._given.get(field.key, field.default)
        return Setting(
            key=field.key,
            type=field.type,
            constraint="" if field.secret else field.constraint,
            default=None if field.secret else self._given.get(field.key, field.default),
            value=value,
            source="operator" if operator else "manifest" if has_default else "unset",
            secret=field.secret,
        )

    def _stored(self) -> dict[str, StoredSetting]:
        stored = read_settings(self._engine, self._plugin_id)
        if self._mark:
            return {key.removeprefix(self._mark): one for key, one in stored.items() if key.startswith(self._mark)}
        return {key: one for key, one in stored.items() if not key.startswith(RUNTIME_MARK)}

    def operator(self) -> dict[str, object]:
        """What the operator set, by dotted key; raises ViewraError when a secret cannot be read."""
        return {key: json.loads(self._opened(one)) for key, one in self._stored().items()}

    def _sealed(self, value: object, *, secret: bool) -> StoredSetting:
        text = json.dumps(value, ensure_ascii=False)
        return StoredSetting(self._box.encrypt(text), encrypted=True) if secret else StoredSetting(text)

    def _opened(self, one: StoredSetting) -> str:
        return self._box.decrypt(one.value) if one.encrypted else one.value


def _named(key: str, default: object) -> SettingField:
    """A setting that the schema has no name for, only a pattern: the deadline of one hook, say."""
    return SettingField(
        key=key,
        type="number" if isinstance(default, int | float) else "",
        constraint="",
        default=default,  # type: ignore[arg-type]  # JSON data
        has_default=default is not None,
        required=False,
        secret=False,
        ui={},
        line=0,
        column=0,
    )


def parse_setting(schema: SettingsSchema, key: str, text: str) -> object:
    """What ``KEY=TEXT`` means: the text itself for a setting that takes only text, else the JSON value that it is."""
    kind = next((field.type for field in schema.fields() if field.key == key), "")
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _concerns(error: ManifestError, assign: Mapping[str, object]) -> bool:
    path = error.path.partition(".")[2]
    return any(path == key or path.startswith(f"{key}.") or key.startswith(f"{path}.") for key in assign) or not path
