"""A plugin that misbehaves at a chosen point, and functions to control it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import psutil

from tests.eventually import eventually

CODE = """
    import os, signal, sys, threading, time
    from pathlib import Path

    HERE = Path(__file__).parent
    VERSION = 1

    def fault(step):
        order = HERE / f".{step}"  # hidden: it is no code, and changes nothing that is watched
        if not order.exists():
            return
        what = order.read_text()
        (HERE / f".{step}-began").write_text(str(os.getpid()))
        if what == "crash":
            print(f"crashing in {step}", file=sys.stderr, flush=True)
            os._exit(9)
        if what == "hang":
            time.sleep(3600)
        while what == "wait" and order.exists():
            time.sleep(0.005)

    if (HERE / ".deaf").exists():  # nothing but SIGKILL ends it
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal = lambda *_: None
        threading.Thread(target=time.sleep, args=(3600,)).start()  # which an interpreter that ends waits for
    fault("handshake")

    import grpc
    from grpc_health.v1 import health
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve

    class Questions(grpc.GenericRpcHandler):
        def service(self, call):
            if "Reflection/" in call.method: fault("services")

    grpc_server = grpc.server
    def with_questions(*arguments, **named):
        made = grpc_server(*arguments, **named)
        made.add_generic_rpc_handlers([Questions()])
        return made
    grpc.server = with_questions

    check = health.HealthServicer.Check
    def checked(*arguments):
        fault("connect")
        return check(*arguments)
    health.HealthServicer.Check = checked

    class P(Plugin):
        def info(self):
            fault("info")
            return super().info()

        def initialize(self, context):
            with open(HERE / ".starts", "a") as file:
                file.write(f"{os.getpid()}\\n")
            fault("initialize")

        def start(self):
            fault("start")

        def stop(self):
            fault("stop")

        def search(self, query, limit, offset):
            what = query.get("q", "")
            if what:
                with open(HERE / ".calls", "a") as file:
                    file.write(what + "\\n")
            if what == "die": os._exit(9)
            if what == "hang": time.sleep(3600)
            if what == "chatter":
                for number in range(300):
                    print("x" * 4000 + str(number), file=sys.stderr)
                sys.stderr.flush()
            fault("search")
            return SearchResponse((SearchResult(str(VERSION), str(os.getpid())),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

        def can_handle(self, file_path, mime_type):
            return True

        def get_supported_types(self):
            return ["audio/*"]

        def extract_metadata(self, file_path):
            fault("extract")
            return {"title": Path(file_path).stem}

        if (HERE / ".tables").exists():
            def get_models(self):
                return ["songs"]

            def migrate(self, connection_string):
                fault("migrate")

            def rollback(self, connection_string):
                pass

    serve(P())
"""


def order(directory: Path, step: str, what: str) -> None:
    """From now on the plugin does this at this step."""
    (directory / f".{step}-began").unlink(missing_ok=True)
    (directory / f".{step}").write_text(what)


def let(directory: Path, step: str) -> None:
    """It is no longer to do anything at this step; one that waits there goes on."""
    (directory / f".{step}").unlink(missing_ok=True)


def began(directory: Path, step: str) -> int:
    """Wait until it is at this step; gives its pid."""
    pids: list[str] = []

    def told() -> bool:
        with contextlib.suppress(FileNotFoundError):
            pids.append((directory / f".{step}-began").read_text())
        return any(pids)

    eventually(told)
    return int(pids[-1])


def starts(directory: Path) -> list[int]:
    """The pids of all processes that got as far as Initialize."""
    file = directory / ".starts"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def processes(directory: Path) -> list[psutil.Process]:
    """The running processes of the plugin in this directory."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            is_plugin = str(directory / "main.py") in child.cmdline() and child.name() != "viewra-guardian"
            if is_plugin and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def own_threads(plugin_id: str) -> list[str]:
    """The host's threads that work for one plugin."""
    return [thread.name for thread in threading.enumerate() if thread.name.endswith(f"-{plugin_id}")]
