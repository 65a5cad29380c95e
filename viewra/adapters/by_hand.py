"""Calls a hook of one plugin alone, with arguments that a person typed: pluggy is not involved.

The hooks and the types of their arguments are those of the adapters of the services that the host knows.
"""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import attrs

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.adapters.lifecycle import LifecycleAdapter
from viewra.adapters.tasks import TaskAdapter
from viewra.errors import NotOffered, UsageError
from viewra.hookspecs import PROJECT
from viewra.services import Services

_SESSIONS = {"open_scraper": "extract_metadata", "open_listener": "on_media_file_scanned"}
"""Hooks that give an object to call further, and the hook that does one such call."""


@attrs.frozen
class HandHook:
    """One hook: the adapter that answers it, and the types of its arguments; ``optional`` ones may be left out."""

    name: str
    adapter: type[ServiceAdapter]
    types: Mapping[str, Any]
    optional: frozenset[str]

    def parse(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """The arguments from their texts; ``query.title=x`` sets one entry of the map ``query``.

        Raises UsageError for arguments that are unknown, missing, or of another type.
        """
        given = _grouped(texts)
        for name in given:
            if name not in self.types:
                known = ", ".join(self.types) or "none"
                raise UsageError(f"{self.name} has no argument {name!r}", hint=f"its arguments: {known}")
        if missing := [name for name in self.types if name not in given and name not in self.optional]:
            wanted = " ".join(f"{name}={_example(self.types[name])}" for name in missing)
            raise UsageError(f"{self.name} needs {', '.join(missing)}", hint=f"add {wanted}")
        return {name: _value(f"{self.name}, {name}", given.get(name), kind) for name, kind in self.types.items()}

    def call(self, endpoint: Endpoint, arguments: Mapping[str, Any]) -> Any:
        """Call it and wait for the answer; raises a PluginError, NotOffered if the plugin has no answer to give."""
        if not endpoint.offers(self.adapter.capability):
            raise NotOffered(endpoint.plugin_id, f"does not offer {self.adapter.capability}", call=self.name)
        steps = getattr(self.adapter(endpoint), self.name)(**arguments)
        next(steps)
        try:
            steps.send([])
        except StopIteration as ended:
            results = ended.value
        if not results:
            kind = arguments.get("mime_type")
            lacks = f"does not read {kind or 'files of unknown types'}" if kind is not None else "gave no answer"
            raise NotOffered(endpoint.plugin_id, lacks, call=self.name)
        if (error := results[0].error) is not None:
            raise error
        return results[0].value


def hook_named(name: str, services: Services) -> HandHook:
    """The hook with this name; raises UsageError if there is none that can be called by hand."""
    if name in _SESSIONS:
        raise UsageError(f"{name} opens a session for many calls", hint=f"call {_SESSIONS[name]} instead")
    adapters: list[type[ServiceAdapter]] = [LifecycleAdapter, *(service.adapter for service in services), TaskAdapter]
    hooks = {hook: adapter for adapter in adapters for hook in _hooks_of(adapter)}
    if name not in hooks:
        known = ", ".join(hook for hook in hooks if hook not in _SESSIONS)
        raise UsageError(f"there is no hook {name!r}", hint=f"the hooks: {known}")
    method = getattr(hooks[name], name)
    types = {key: kind for key, kind in typing.get_type_hints(method).items() if key != "return"}
    parameters = inspect.signature(method).parameters
    optional = {
        key for key in types if parameters[key].default is not inspect.Parameter.empty or _is_optional(types[key])
    }
    return HandHook(name, hooks[name], types, frozenset(optional))


def _hooks_of(adapter: type) -> list[str]:
    return [name for name, member in vars(adapter).items() if hasattr(member, f"{PROJECT}_impl")]


def _grouped(texts: Mapping[str, str]) -> dict[str, str | dict[str, str]]:
    """The texts by argument; those of dotted keys together."""
    given: dict[str, str | dict[str, str]] = {}
    for key, text in texts.items():
        name, dot, entry = key.partition(".")
        if not dot:
            given[name] = text
            continue
        entries = given.setdefault(name, {})
        if isinstance(entries, str):
            raise UsageError(
                f"{name} is given whole and by its entries", hint=f"write {name}={{…}} or {name}.KEY=VALUE"
            )
        entries[entry] = text
    return given


def _value(what: str, given: str | dict[str, str] | None, kind: Any) -> Any:
    """A value of this type; raises UsageError."""
    if given is None:
        return None
    if _is_optional(kind):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    plain = get_origin(kind) or kind
    if isinstance(given, dict):
        if issubclass(plain, Mapping):
            return given
        raise UsageError(f"{what} is no map: {_words(kind)}", hint=f"write {what.rpartition(' ')[2]}={_example(kind)}")
    if plain is str:
        return given
    try:
        value = json.loads(given)
    except (ValueError, RecursionError):
        value = None
    fits = isinstance(value, plain) and not (isinstance(value, bool) and plain is not bool)
    if fits and issubclass(plain, Mapping) and str in get_args(kind)[1:]:
        fits = all(isinstance(one, str) for one in value.values())
    if not fits:
        raise UsageError(f"{what} is {_words(kind)}, not {given!r}", hint=f"for example {_example(kind)}")
    return value


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in {Union, UnionType} and NoneType in get_args(kind)


def _words(kind: Any) -> str:
    plain = get_origin(kind) or kind
    if plain in _WORDS:
        return _WORDS[plain]
    return "a map of texts, as JSON" if issubclass(plain, Mapping) else "a list, as JSON"


def _example(kind: Any) -> str:
    plain = get_origin(kind) or kind
    if plain in _EXAMPLES:
        return _EXAMPLES[plain]
    return """'{"title": "x"}'""" if issubclass(plain, Mapping) else "'[…]'"


_WORDS: Mapping[Any, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_EXAMPLES: Mapping[Any, str] = {str: "TEXT", int: "1", float: "0.5", bool: "true"}
