"""Host services for a plugin that dials them: who asks, how many calls, and ``plugin.AssetService``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.eventually import eventually
from tests.host_services import JPEG
from tests.unit.assets.conftest import add_file
from tests.unit.bridge.dialling import Call, SingleAsking, dialled
from viewra.assets import AssetStore
from viewra.bridge import Bridge, Rights
from viewra.bridge.call import HostCall
from viewra.bridge.door import Door
from viewra.bridge.single_calls import LASTING, SingleCalls
from viewra.codec.host.attach import ATTACH, HostAnswer, HostRequest
from viewra.codec.host.method import HostMethod
from viewra.codec.limits import Limits
from viewra.db import open_database
from viewra.errors import QuotaExceeded
from viewra.pb import plugin_pb2 as pb
from viewra.transport.endpoint import Place
from viewra.transport.unary import UnaryServer
from viewra.types import MAX_ID

CALL = "/viewra.v1.HostService/Call"


class Waiting:
    """A service whose calls wait until they are cancelled, or the test goes on."""

    def __init__(self) -> None:
        self.at_work = threading.Semaphore(0)
        self.go_on = threading.Event()

    def last(self, call: HostCall) -> str:
        with call.ended_by(self.go_on.set):
            self.at_work.release()
            assert self.go_on.wait(20)
        call.left_s()
        return "done"


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def calls(waiting: Waiting) -> Iterator[SingleCalls]:
    methods: dict[str, tuple[HostMethod[str], Callable[..., str]]] = {
        "test.last": (HostMethod("test.last", lasting=True), waiting.last),
        "test.echo": (HostMethod("test.echo"), lambda: "echo"),
    }
    made = SingleCalls(Door("one", methods), Rights(bool), limits=Limits(), when_over=lambda: None)
    yield made
    made.close()


def ask(calls: SingleCalls, method: str, timeout_s: float = 20) -> HostAnswer:
    return ATTACH.parse_item(calls.methods[CALL](ATTACH.answer(HostRequest(3, method, b"", b"", timeout_s))))


def test_what_waits_for_others_has_bounds_and_ends_with_the_process(calls: SingleCalls, waiting: Waiting) -> None:
    answers: list[HostAnswer] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(calls, "test.last"))) for _ in range(LASTING)]
    for thread in threads:
        thread.start()
        assert waiting.at_work.acquire(timeout=60)
    assert isinstance(ask(calls, "test.last").error, QuotaExceeded)
    assert ask(calls, "test.echo") == HostAnswer(3, b'"echo"', b"")
    calls.close()
    for thread in threads:
        thread.join(60)
    after = ask(calls, "test.last")
    assert all("is being stopped" in str(answer.error) for answer in (*answers, after))
    assert len(answers) == LASTING


def test_there_is_no_end_to_calls_one_after_the_other(tmp_path: Path) -> None:
    server = UnaryServer(Place(tmp_path), {"/a/B": lambda data: data}, message_bytes=1000)
    try:
        with grpc.insecure_channel(server.address) as channel:
            call: Call = channel.unary_unary("/a/B")
            assert {call(b"x", timeout=20) for _ in range(300)} == {b"x"}
    finally:
        server.close()


@pytest.fixture
def channel(fresh_database: Path, tmp_path: Path) -> Iterator[grpc.Channel]:
    """Of a plugin with the permission to change the library, which has one file."""
    (tmp_path / "viewra.db").write_bytes(fresh_database.read_bytes())
    engine = open_database(f"sqlite:///{tmp_path / 'viewra.db'}")
    add_file(engine)
    bridge = Bridge(engine, store=AssetStore(engine, tmp_path / "assets"))
    with dialled(bridge.of("under_test"), Rights({"library:write"}.__contains__), tmp_path) as channel:
        yield channel
    bridge.close()
    engine.dispose()


def test_assets_with_what_is_said_of_them(channel: grpc.Channel) -> None:
    def call(name: str, request: bytes) -> bytes:
        method: Call = channel.unary_unary(f"/plugin.AssetService/{name}")
        return method(request, timeout=20)

    def save(**fields: object) -> pb.SaveAssetResponse:
        request = pb.SaveAssetRequest(data=JPEG, subtype="cover", **fields)  # type: ignore[arg-type]
        return pb.SaveAssetResponse.FromString(call("SaveAsset", request.SerializeToString()))

    assert "cannot save an asset of another" in save(plugin_id="another").error
    assert "'no' is no id of a file" in save(media_file_id="no").error
    assert "there is no media file" in save(media_file_id=str(MAX_ID)).error
    assert "name a media_file_id" in save(metadata={"a": "b"}).error
    assert "more than 16,384 bytes" in save(media_file_id="1", metadata={"a": "b" * 17_000}).error
    saved = save(media_file_id="1", plugin_id="under_test", source_url="https://a.example/", metadata={"a": "\0b"})
    assert saved.success
    asked = ATTACH.answer(HostRequest(1, "assets.links", b'{"media_file_id":1}', b"", 20))
    (link,) = json.loads(ATTACH.parse_item(SingleAsking(channel).call(asked, timeout=20)).value)
    assert (link["kind"], link["plugin_id"], link["metadata"]) == ("front", "under_test", {"a": "\0b"})
    exists = pb.AssetExistsRequest(media_file_id="1", subtype="front").SerializeToString()
    assert pb.AssetExistsResponse.FromString(call("AssetExists", exists)).asset_id == saved.asset_id
    with pytest.raises(grpc.RpcError) as refused:
        call("SaveAsset", b"\xff")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as refused:
        SingleAsking(channel).call(b"\xff", timeout=20)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_nothing_is_left_when_the_process_has_gone(fresh_database: Path, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{fresh_database}")
    hosted = Bridge(engine).of("under_test")
    with dialled(hosted, Rights(bool), tmp_path) as channel:
        request = HostRequest(1, "progress.report", b'{"name":"covers","done":1}', b"", 20)
        SingleAsking(channel).call(ATTACH.answer(request), timeout=20)
        assert [one.name for one in hosted.progress] == ["covers"]
    assert hosted.progress == ()
    eventually(lambda: not [one for one in threading.enumerate() if one.name.startswith("host-under_test")])
    assert not [one for one in (tmp_path / "process").iterdir() if one.name != "plugin"]
    engine.dispose()
