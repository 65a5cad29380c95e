"""Writes the reference in this folder from the code; with ``--check`` it only compares."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import attrs
import click

import viewra.manifest
import viewra.sdk
from viewra import hookspecs, types
from viewra.cli._main import group
from viewra.pb import plugin_pb2, viewra_pb2
from viewra.sdk import Enricher, NotNow
from viewra.sdk.files import FileError, open_regular
from viewra.sdk.host.asking import Asking
from viewra.sdk.host.services import HostServices
from viewra.sdk.reach import Reach
from viewra.services import SERVICES, Implementation, LibraryEventsService, SchemaService

HERE = Path(__file__).parent
PROTOS = HERE.parents[1] / "proto"
MADE = "<!-- made by docs/reference/generate.py: change the code, and run that -->\n"


def commands() -> str:
    """Every command with its help."""
    parts = [
        "# Commands\n",
        MADE,
        "The texts are those of `--help`. [running.md](../running.md) explains what they do.\n",
    ]
    parts += [
        f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"
        for context in _commands("viewra", group, None)
        if not isinstance(context.command, click.Group)
    ]
    return "\n".join(parts)


def services() -> str:
    """Every service as authors implement it, the lifecycle, and the values."""
    intro = "A plugin has the methods of its lifecycle and of the services that it offers; see [writing-a-plugin.md]"
    parts = ["# Services\n", MADE, f"{intro}(../writing-a-plugin.md).\n", "## Lifecycle\n", *_protocol(Implementation)]
    extensions = {"scanner_hook": LibraryEventsService, "database": SchemaService}
    for service in SERVICES:
        parts.append(f"## {service.capability}\n")
        parts.append(f"In gRPC `{service.wire}`; the plugin's getter is `{service.name}_service`.\n")
        parts += _protocol(service.protocol)
        if service.name in extensions:
            parts.append(f"### {extensions[service.name].__name__}\n")
            parts += _protocol(extensions[service.name])
    parts.append("## Values\n")
    parts.append("All are in `viewra.types`; the most common ones in `viewra.sdk`, too.\n")
    for name in sorted(types.__all__):
        kind = getattr(types, name)
        if attrs.has(kind):
            parts += _value(kind)
    return "\n".join(parts)


def hooks() -> str:
    """Every hook with its contract."""
    parts = ["# Hooks\n", MADE, _text(hookspecs.__doc__ or "") + "\n"]
    parts += [
        f"## {name}\n\n```python\n{name}{_signature(hook)}\n```\n\n{_text(hook.__doc__ or '')}\n"
        for name, hook in vars(hookspecs).items()
        if hasattr(hook, f"{hookspecs.PROJECT}_spec")
    ]
    return "\n".join(parts)


def host_services() -> str:
    """Every host service with its methods, as a plugin has them in ``self.host``."""
    intro = (
        "What a plugin may ask of its host. [writing-a-plugin.md](../writing-a-plugin.md#host-services) introduces them"
    )
    parts = ["# Host services\n", MADE, f"{intro}; [services.md](services.md#values) has the values.\n"]
    parts.append(_text(HostServices.__doc__ or "") + "\n")
    host = HostServices(cast("Asking", None))  # none of its services is asked
    explained: dict[type, str] = {}
    for name, member in vars(HostServices).items():
        if isinstance(member, cached_property):
            kind = type(getattr(host, name))
            parts += [f"## {name}\n", _text(member.__doc__ or "") + "\n"]
            parts += (
                [f"Its methods are those of `{explained[kind]}`.\n"] if kind in explained else _protocol(kind, name)
            )
            explained.setdefault(kind, name)
    return "\n".join(parts)


def sdk() -> str:
    """The classes of the SDK that plugins may build on, beside ``Plugin``."""
    intro = "[writing-a-plugin.md](../writing-a-plugin.md#plugins-that-find-out-more-after-scans) introduces them"
    parts = ["# What plugins build on\n", MADE, f"{intro}; [services.md](services.md#values) has the values.\n"]
    for kind in (Enricher, NotNow, Reach, FileError):
        made = f": `{kind.__name__}{_signature(vars(kind)['__init__'])}`" if "__init__" in vars(kind) else ""
        parts += [f"## {kind.__name__}\n", f"`from {_home(kind)} import {kind.__name__}`{made}\n"]
        parts += _protocol(kind)
    parts += ["## open_regular\n", f"`from {open_regular.__module__} import open_regular`\n"]
    parts += [f"`open_regular{_signature(open_regular)}`\n: {_text(open_regular.__doc__ or '')}\n"]
    return "\n".join(parts)


def messages() -> str:
    """Every procedure with its messages, and the definitions of both files."""
    intro = "What hosts and plugins send each other. [wire.md](../wire.md) explains the protocol around it."
    parts = ["# Messages\n", MADE, f"{intro}\n", "| procedure | request | response |", "|---|---|---|"]
    files = [plugin_pb2.DESCRIPTOR, viewra_pb2.DESCRIPTOR]
    for file in files:
        for service in file.services_by_name.values():
            for method in service.methods:
                request = ("stream of " if method.client_streaming else "") + f"`{method.input_type.name}`"
                response = ("stream of " if method.server_streaming else "") + f"`{method.output_type.name}`"
                parts.append(f"| `{service.full_name}/{method.name}` | {request} | {response} |")
    parts.append("")
    for file in files:
        definition = (PROTOS / file.name).read_text("utf-8").rstrip()
        parts.append(f"## {Path(file.name).name}\n\n```protobuf\n{definition}\n```\n")
    return "\n".join(parts)


def manifest() -> str:
    """The schema of manifests, with its defaults."""
    schema = Path(viewra.manifest.__file__).with_name("plugin_schema.cue").read_text()
    intro = "The schema with which every `plugin.cue` is unified; `*` marks defaults. [cue.md](../cue.md) explains CUE."
    return "\n".join(["# The manifest\n", MADE, f"{intro}\n", f"```cue\n{schema.rstrip()}\n```\n"])


PAGES = {
    "commands.md": commands,
    "services.md": services,
    "hooks.md": hooks,
    "host-services.md": host_services,
    "sdk.md": sdk,
    "messages.md": messages,
    "manifest.md": manifest,
}


def _commands(name: str, command: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    """The context of a command, and of all commands in it; settings such as ``-h`` come from the outermost."""
    settings = group.context_settings if parent is None else {}
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=100,
        max_content_width=100,
        help_option_names=settings.get("help_option_names"),
    )
    yield context
    if isinstance(command, click.Group):
        for inner_name in command.list_commands(context):
            inner = command.get_command(context, inner_name)
            assert inner is not None  # noqa: S101 - it was listed
            yield from _commands(inner_name, inner, context)


def _protocol(kind: type, called: str = "") -> list[str]:
    """Its docstring and its methods; ``called`` is the name by which an object that can be called itself is known."""
    members = {
        name: member.__func__ if isinstance(member, classmethod) else member for name, member in vars(kind).items()
    }
    methods = {name: member for name, member in members.items() if isinstance(member, FunctionType)}
    shown = [
        f"`{called if name == '__call__' else name}{_signature(method)}`\n: {_text(method.__doc__ or '')}\n"
        for name, method in methods.items()
        if not name.startswith("_") or name == "__call__"
    ]
    return [_text(kind.__doc__ or "") + "\n", *shown]


def _home(kind: type) -> str:
    """The module that plugins import a class from."""
    return viewra.sdk.__name__ if kind.__name__ in viewra.sdk.__all__ else kind.__module__


def _value(kind: Any) -> list[str]:
    fields = ", ".join(f"{field.name}: {_annotation(field.type)}" for field in attrs.fields(kind))
    return [f"### {kind.__name__}\n", f"`{fields}`\n", _text(kind.__doc__ or "") + "\n"]


def _annotation(kind: Any) -> str:
    return kind if isinstance(kind, str) else inspect.formatannotation(kind)


def _signature(function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    parameters = [
        one.replace(annotation=_Shown(one.annotation), default=_default(one))
        for name, one in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=parameters, return_annotation=_Shown(signature.return_annotation)))


def _default(parameter: inspect.Parameter) -> Any:
    is_class = isinstance(parameter.default, type) and parameter.default is not inspect.Parameter.empty
    return _Shown(parameter.default) if is_class else parameter.default


@attrs.frozen(repr=False)
class _Shown:
    """An annotation or a class in a signature, without the quotes of one that is not evaluated."""

    annotation: Any

    def __repr__(self) -> str:
        return _annotation(self.annotation)


def _text(docstring: str) -> str:
    """A docstring as Markdown."""
    first, _, rest = docstring.strip().partition("\n")
    return "\n".join([first, *textwrap.dedent(rest).rstrip().splitlines()]).rstrip().replace("``", "`")


def main() -> None:
    """Write the pages, or with ``--check`` end with status 1 if one is not current."""
    made = {HERE / name: make() for name, make in PAGES.items()}
    if "--check" in sys.argv[1:]:
        sys.exit(
            ", ".join(str(file) for file, text in made.items() if not file.exists() or file.read_text() != text) or 0
        )
    for file, text in made.items():
        file.write_text(text)


if __name__ == "__main__":
    main()
