"""The descriptions of the services agree with the modules to which they refer."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from viewra import hookspecs
from viewra.adapters import ServiceAdapter, adapters_of, clients
from viewra.codec.rpc import Rpc
from viewra.sdk import Plugin
from viewra.sdk.servicers import Lifecycle, lifecycle
from viewra.services import SERVICES, Implementation, Service
from viewra.testing import FakePlugin

each = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def procedures(service: Service) -> list[Rpc[..., object]]:
    return [value for value in vars(service.module("codec")).values() if isinstance(value, Rpc)]


@each
def test_its_methods_are_those_of_the_protocol(service: Service) -> None:
    assert {name for name in vars(service.protocol) if not name.startswith("_")} == set(service.methods)
    assert service.protocol.__doc__


@each
def test_its_procedures(service: Service) -> None:
    found = procedures(service)
    assert {rpc.service for rpc in found} == {service.capability}
    assert {rpc.method for rpc in found if rpc.wire_service == service.wire} == set(service.methods)
    extensions = {rpc.wire_service for rpc in found} - {service.wire}
    assert all(name.startswith("viewra.v1.") for name in extensions)


@each
def test_both_sides(service: Service) -> None:
    assert issubclass(service.adapter, ServiceAdapter)
    assert service.adapter.capability == service.capability
    offered = {handler.rpc.path for handler in service.handlers(FakePlugin())}
    assert {rpc.path for rpc in procedures(service) if rpc.wire_service == service.wire} <= offered
    assert all(callable(getattr(service.client, name)) for name in service.methods)
    assert callable(service.check)


@each
def test_its_typed_faces(service: Service) -> None:
    for face in (Plugin, Implementation):
        returns = inspect.signature(getattr(face, f"{service.name}_service")).return_annotation
        assert returns == f"{service.protocol_name} | None"
    tree = ast.parse(Path(clients.__file__).read_text())
    typed = {
        node.target.id: ast.unparse(node.annotation)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert typed[service.name] == f"{service.client.__name__} | None"


def test_every_hook_is_answered_by_one_adapter_and_no_adapter_answers_another() -> None:
    answered = [name for adapter in adapters_of() for name, value in vars(adapter).items() if is_hookimpl(value)]
    specified = {name for name, value in vars(hookspecs).items() if hasattr(value, "viewra_spec")}
    assert sorted(answered) == sorted(specified - {"plugin_state_changed", "on_library_changed"})


def is_hookimpl(value: object) -> bool:
    return hasattr(value, "viewra_impl")


def test_the_lifecycle_is_every_plugins() -> None:
    plugin = Plugin()
    running = Lifecycle(plugin, plugin.log)
    assert {handler.rpc.service for handler in lifecycle.handlers(plugin, running)} == {"plugin"}
