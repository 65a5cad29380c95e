"""Reads, shows and changes the settings that an operator stored for one plugin."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db import StoredSetting, forget_facts, read_settings, replace_setting, write_settings
from viewra.db.engine import open_unmigrated
from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.host.installed.secrets import SecretBox
from viewra.host.installed.setting_rows import assigned, leaves, value_at, without
from viewra.manifest import Manifest, SettingField, SettingsSchema
from viewra.manifest.coerce import nested


@attrs.frozen
class Setting:
    """One setting as shown: ``value`` is None for a secret, set or not; ``source`` is where it comes from.

    In a list or struct with a secret part, that part is None. ``source`` is ``operator``, ``manifest`` (the default) or
    ``unset``. ``title``, ``help``, ``group`` and ``widget`` are the manifest's hints for a form.
    """

    key: str
    type: str
    constraint: str
    default: Any
    value: Any
    source: str
    secret: bool
    title: str = ""
    help: str = ""
    group: str = ""
    widget: str = ""


RUNTIME_MARK = ":"
"""The prefix of the keys under which settings of a plugin's ``runtime`` are stored; no field of a manifest has it."""


class PluginSettings:
    """The settings of one plugin. Values are given and stored as JSON data by dotted keys.

    A value with a secret part is stored encrypted; a value stored as plain text before the manifest marked it is
    encrypted at its next read. ``mark`` separates the settings of another part of the manifest, ``given`` is that
    part's own values.
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
        accept: Callable[[dict[str, str]], bool] = lambda _config: False,
    ) -> None:
        """``accept`` gets the settings that a change leads to before it is stored; returns whether they are in use."""
        self._plugin_id = plugin_id
        self._schema = schema
        self._engine = engine
        self._box = box
        self._mark = mark
        self._given = given or {}
        self._accept = accept
        self._before: dict[str, StoredSetting | None] = {}
        self.applied = False
        """Whether the last change is in use already."""

    @property
    def schema(self) -> SettingsSchema:
        """What the manifest says of them."""
        return self._schema

    def config(self, rows: Mapping[str, StoredSetting] | None = None) -> dict[str, str]:
        """``PluginContext.config``; ``rows`` are those of the plugin, if they were read just now.

        Raises ManifestError for a value that does not fit or is required and missing.
        """
        return self._schema.config(self.operator(rows))

    def secrets(self, rows: Mapping[str, StoredSetting]) -> dict[str, str]:
        """The secret settings that are set, by dotted key, those that the plugin does not get included.

        Raises as ``config``.
        """
        return self._schema.secret_texts(self.operator(rows))

    def operator(self, rows: Mapping[str, StoredSetting] | None = None) -> dict[str, object]:
        """What the operator set, by dotted key; ``rows`` as in ``config``. ViewraError for unreadable secrets."""
        return self._read(self._stored() if rows is None else self._mine(rows))

    def shown(self) -> list[Setting]:
        """Every setting of the manifest, in its order, and other stored ones. Never contains a secret."""
        stored = self._stored()
        hidden = {key: None for key in stored if self._covers(key)}  # need not be decrypted to be shown
        try:
            values = nested({**self._read(stored, without=hidden), **hidden})
        except TypeError as error:
            raise ManifestError(str(error), file="settings", hint="unset one of the two") from None
        named = [*self._given, *leaves(values, ())]
        # A struct whose fields only patterns name, such as an environment, is shown by its values.
        fields = [one for one in self._schema.fields() if not any(key.startswith(f"{one.key}.") for key in named)]
        known = {field.key for field in fields}
        more = {key: None for key in self._given if key not in known} | dict.fromkeys(leaves(values, known))
        shown = [self._shown(field, *value_at(values, field.key)) for field in fields]
        return [*shown, *(self._shown(self._unnamed(key), *value_at(values, key)) for key in more)]

    def change(self, assign: Mapping[str, object], unset: Collection[str] = ()) -> None:
        """Set and unset values, all or none.

        A key may lead into a struct that is set as a whole, or be the key of a struct with set parts. Raises
        ManifestError for invalid values, and for values that others exclude, each with the line of the manifest, and
        UsageError for a key to unset that is not set, PluginFault if the plugin runs and refuses them.
        """
        stored = self._stored()
        kept = self._read(stored, without={*assign, *unset})
        rows = without(dict.fromkeys(stored) | kept, unset)
        if rows is None:
            missing = next(key for key in unset if without(dict.fromkeys(stored) | kept, [key]) is None)
            raise UsageError(f"setting {missing} of plugin {self._plugin_id} is not set", hint="nothing was changed")
        rows = assigned(rows, assign)
        before = {**self._given, **kept}
        for key in {*assign, *unset} & stored.keys():
            with contextlib.suppress(ViewraError):  # a value that can no longer be decrypted can be set again
                before |= self._read({key: stored[key]})
        self._refuse(before, {**self._given, **rows}, assign, unset)
        changed = {key: value for key, value in rows.items() if key not in kept or kept[key] != value or key in assign}
        gone = [self._mark + key for key in stored if key not in rows]
        sealed = {self._mark + key: self._sealed(key, value) for key, value in changed.items()}
        self.applied = not self._errors({**self._given, **rows}) and self._accept(self._schema.config(rows))
        self._before = {key: stored.get(key.removeprefix(self._mark)) for key in (*sealed, *gone)}
        self._write(sealed, gone)

    def undo(self) -> None:
        """Store what the last ``change`` has replaced."""
        earlier = {key: one for key, one in self._before.items() if one is not None}
        self._write(earlier, [key for key in self._before if key not in earlier])

    def parse(self, key: str, text: str) -> object:
        """The value of ``KEY=TEXT`` for this plugin."""
        return parse_setting(self._schema, key, text)

    def _write(self, values: Mapping[str, StoredSetting], gone: Collection[str]) -> None:
        write_settings(self._engine, self._plugin_id, values, gone)
        forget_facts(self._engine, self._plugin_id)

    def _refuse(
        self,
        before: Mapping[str, object],
        after: Mapping[str, object],
        assign: Mapping[str, object],
        unset: Collection[str],
    ) -> None:
        """Raise for errors that the change causes; but a required value may be unset."""
        errors = self._errors(after)
        if not errors:
            return
        known = {(error.path, error.message) for error in self._errors(before)}
        new = [
            error
            for error in errors
            if _concerns(error, assign)
            or ((error.path, error.message) not in known and error.path.partition(".")[2] not in unset)
        ]
        if new:
            first = new[0]
            raise ManifestError(
                first.message,
                file=first.file,
                line=first.line,
                column=first.column,
                path=first.path,
                errors=tuple(new),
            )

    def _errors(self, values: Mapping[str, object]) -> tuple[ManifestError, ...]:
        try:
            self._schema.fill(values)
        except ManifestError as error:
            return error.errors
        return ()

    def _shown(self, field: SettingField, is_set: bool, value: object) -> Setting:
        path = field.key.split(".")
        has_default = field.has_default or field.key in self._given
        default = self._schema.secrets.masked(path, self._given.get(field.key, field.default))
        return Setting(
            key=field.key,
            type=field.type,
            constraint="" if field.holds_secret else field.constraint,
            default=default,
            value=self._schema.secrets.masked(path, value) if is_set else default,
            source="operator" if is_set else "manifest" if has_default else "unset",
            secret=field.secret,
            title=field.title,
            help=field.help,
            group=field.group,
            widget=field.widget,
        )

    def _unnamed(self, key: str) -> SettingField:
        """A setting that only a pattern or an optional struct of the schema allows, such as a hook's deadline."""
        path = key.split(".")
        return SettingField(
            key=key,
            type=self._schema.type_at(key),
            constraint="",
            default=None,
            has_default=False,
            required=False,
            secret=self._schema.secrets.covers(path),
            ui={},
            line=0,
            column=0,
            holds_secret=self._schema.secrets.touches(path),
        )

    def _stored(self) -> dict[str, StoredSetting]:
        return self._mine(read_settings(self._engine, self._plugin_id))

    def _mine(self, rows: Mapping[str, StoredSetting]) -> dict[str, StoredSetting]:
        """Of all rows of the plugin those that belong here, by key; those encrypted that have to be."""
        mine = {
            key.removeprefix(self._mark): one
            for key, one in rows.items()
            if key.startswith(self._mark or RUNTIME_MARK) == bool(self._mark)
        }
        for key, one in mine.items():
            if not one.encrypted and self._schema.secrets.touches(key.split(".")):
                # Values that are read-only for now are still shown; the next read may encrypt them.
                with contextlib.suppress(ViewraError):
                    sealed = StoredSetting(self._box.encrypt(one.value), encrypted=True)
                    replace_setting(self._engine, self._plugin_id, self._mark + key, one, sealed)
        return mine

    def _covers(self, key: str) -> bool:
        return self._schema.secrets.covers(key.split("."))

    def _read(self, stored: Mapping[str, StoredSetting], without: Collection[str] = ()) -> dict[str, object]:
        return {
            key: json.loads(self._box.decrypt(one.value) if one.encrypted else one.value)
            for key, one in stored.items()
            if key not in without
        }

    def _sealed(self, key: str, value: object) -> StoredSetting:
        text = json.dumps(value, ensure_ascii=False)
        if self._schema.secrets.touches(key.split(".")):
            return StoredSetting(self._box.encrypt(text), encrypted=True)
        return StoredSetting(text)


def stored_values(manifest: Manifest, database_url: str, box: SecretBox) -> dict[str, object]:
    """The operator's values for a plugin, by dotted key; empty without a database.

    Raises ViewraError for an unreadable database or secret.
    """
    file = sa.make_url(database_url).database
    if database_url.startswith("sqlite") and (file is None or not Path(file).exists()):
        return {}
    engine = open_unmigrated(database_url)
    try:
        return PluginSettings(manifest.id, manifest.settings, engine, box).operator()
    finally:
        engine.dispose()


def parse_setting(schema: SettingsSchema, key: str, text: str) -> object:
    """The value of ``KEY=TEXT``: the text itself for a setting that accepts only text, else its JSON value."""
    if schema.type_at(key) == "string":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _concerns(error: ManifestError, assign: Mapping[str, object]) -> bool:
    path = error.path.partition(".")[2]
    return any(path == key or path.startswith(f"{key}.") or key.startswith(f"{path}.") for key in assign) or not path
