"""A plugin process stays light: the modules that importing the SDK loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

ABSENT = {
    "of the host": ["pluggy", "sqlalchemy", "alembic", "watchdog", "rich", "click", "cryptography", "viewra.host"],
    "for debugging and developers": ["tempfile", "importlib.metadata", "grpc_reflection.v1alpha.reflection"],
    "for few plugins": [
        *("asyncio", "calendar", "locale", "ssl", "subprocess", "google.protobuf.text_format", "attr.validators"),
    ],
}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """All modules of a process that has imported what serves a plugin."""
    program = "import sys, viewra.sdk, viewra.sdk.serve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.process
@pytest.mark.parametrize("what", ABSENT)
def test_what_most_plugins_never_use_is_left_out(imported: set[str], what: str) -> None:
    assert "viewra.sdk" in imported
    assert imported.isdisjoint(ABSENT[what])


@pytest.mark.process
@pytest.mark.parametrize(("cookie", "frozen"), [("", False), ("viewra_plugin_magic_cookie_v1", True)])
def test_imports_are_not_collected_in_a_plugin_process_and_everything_later_is(cookie: str, frozen: bool) -> None:
    program = (  # an interpreter of Python 3.12 has frozen objects at its start
        "import gc; before = gc.get_freeze_count(); import viewra.sdk;"
        "print(gc.isenabled(), gc.get_freeze_count() > before)"
    )
    env = {"VIEWRA_PLUGIN": cookie} if cookie else {}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=60)
    assert done.stdout.split() == ["True", str(frozen)], done.stderr


OFFERS_SEARCH = """
import sys
from viewra.sdk import Plugin, SearchCapabilities, SearchResponse
from viewra.sdk.servicers import Lifecycle, all_handlers

class Searcher(Plugin):
    def search(self, query, limit, offset):
        return SearchResponse()

    def get_search_capabilities(self):
        return SearchCapabilities()

plugin = Searcher()
print(len(all_handlers(plugin, Lifecycle(plugin, plugin.log))))
ours = ("viewra.types.", "viewra.codec.", "viewra.services.", "viewra.batch", "viewra.manifest")
print(*sorted(name for name in sys.modules if name.startswith(ours)))
"""


@pytest.mark.process
def test_only_what_the_plugin_offers_is_imported() -> None:
    program = [sys.executable, "-c", OFFERS_SEARCH]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)
    handlers, *imported = done.stdout.split()
    assert int(handlers) == 8
    values = {"viewra.types.convert", "viewra.types.plugin", "viewra.types.search"}
    assert {name for name in imported if name.startswith("viewra.types.")} == values
    services = {"metadata_scraper", "scanner_hook", "database", "admin_page", "api_registration", "search"}
    for layer in ("codec", "services"):
        assert {name for name in services if f"viewra.{layer}.{name}" in imported} == {"search"}
    assert not [name for name in imported if name.startswith("viewra.manifest")]


USES_ALL = """
import viewra.sdk
import asyncio
import attrs
import grpc

@attrs.frozen
class Number:
    value: int = attrs.field(validator=attrs.validators.instance_of(int))

async def answer(request, context):
    await asyncio.sleep(0.001)
    if request == b"bad":
        await context.abort(grpc.StatusCode.ABORTED, "no")
    return request

async def main():
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("a.B", {"C": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/a.B/C")
        print(*await asyncio.gather(call(b"one"), call(b"two")))
        try:
            await call(b"bad")
        except grpc.aio.AioRpcError as error:
            print(error.code().name)
    await server.stop(0)

asyncio.run(main())
try:
    Number("one")
except TypeError:
    print(Number(1).value)
"""


@pytest.mark.process
def test_a_plugin_may_use_all_that_was_left_out() -> None:
    program = [sys.executable, "-W", "error", "-c", USES_ALL]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["b'one'", "b'two'", "ABORTED", "1"], done.stderr


@pytest.mark.process
def test_messages_in_pure_python_work_too() -> None:
    program = (
        "import viewra.sdk.serve; from viewra.pb import plugin_pb2 as pb; from google.protobuf import text_format;"
        "print(pb.HealthResponse.FromString(pb.HealthResponse(error='ill').SerializeToString()).error)"
    )
    env = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=60)
    assert done.stdout.strip() == "ill", done.stderr
