"""The control socket: where a host that runs on a data directory is asked something by the command line.

One request a connection, one JSON object a line each way: ``{"command": …, "arguments": {…}}`` is answered with
``{"result": …}`` or ``{"error": {"message", "hint", "exit_status"}}``. A connection that is closed without an answer
has done nothing: the host is ending. What the commands are is left to whoever answers (``viewra.host.operations``).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.process import check_socket_path
from viewra.transport.peer import peer_of

Answer = Callable[[str, Mapping[str, Any]], Any]
"""Called with a command and its arguments, from any thread; gives JSON data or raises, best a ViewraError."""

NOTE_NAME = "control"
"""The file in the data directory that has the socket's path; the path itself may be too long for a socket there."""
LONGEST_REQUEST = 256 * 1024
"""Bytes of a request, which is names and settings."""
REQUEST_S, REPLY_S = 5.0, 5.0
"""Seconds in which a request has to arrive, and its answer has to be taken."""
MOST_CONNECTIONS = 16

log = logging.getLogger("viewra.host")


class ControlServer:
    """Answers on the socket ``path`` from construction to ``close``; the file ``note`` says where that is meanwhile.

    Only processes of this user, and root's, are answered. Each connection has a thread of its own. Raises ViewraError
    when socket or note cannot be made.
    """

    def __init__(self, path: Path, note: Path, answer: Answer) -> None:
        check_socket_path(path)
        self._path = path
        self._note = note
        self._answer = answer
        self._lock = threading.Lock()
        self._asking: set[socket.socket] = set()  # connections whose request has not arrived yet
        self._threads: set[threading.Thread] = set()
        self._closing = False
        with contextlib.ExitStack() as undo:
            try:
                self._listener = undo.enter_context(socket.socket(socket.AF_UNIX))
                self._listener.bind(str(path))
                path.chmod(0o600)
                self._listener.listen(MOST_CONNECTIONS)
                self._listener.setblocking(False)
                self._wake, self._woken = socket.socketpair()
                undo.callback(self._wake.close)
                undo.callback(self._woken.close)
                _write_note(note, path)
            except OSError as error:
                raise ViewraError(
                    f"the control socket {path} cannot be made: {error.strerror}", hint=f"look at {error.filename}"
                ) from error
            undo.pop_all()
        self._accepting = threading.Thread(target=self._accept, name="control", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Take no more requests, and wait for the commands that run: they use the plugins. Closing twice is fine."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._note.unlink(missing_ok=True)
        self._wake.close()
        self._accepting.join()
        self._woken.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            threads = tuple(self._threads)
            for connection in self._asking:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        for thread in threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    # ---- within ----

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    return
                try:
                    connection, _ = self._listener.accept()
                except OSError as error:  # whoever knocked has gone, or the process has no descriptors left
                    log.debug("a connection to the control socket failed: %s", error)
                    threading.Event().wait(0.05)  # not to spin while there are none
                    continue
                self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        """Answer a connection on a thread of its own; one too many is turned away."""
        with self._lock:
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            if len(self._threads) >= MOST_CONNECTIONS:
                connection.setblocking(False)
                _send(connection, _failure(ViewraError("the host is busy with other commands", hint="try again")))
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="control-command", daemon=True)
            self._asking.add(connection)
            self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # the process may have no more threads
            log.warning("a command cannot be taken: %s", error)
            self._threads.discard(thread)
            self._end(connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            reply = self._reply(connection)
            if reply is not None:
                connection.settimeout(REPLY_S)
                _send(connection, reply)
        finally:
            self._end(connection)

    def _end(self, connection: socket.socket) -> None:
        with self._lock:
            self._asking.discard(connection)
        connection.close()

    def _reply(self, connection: socket.socket) -> dict[str, Any] | None:
        """What to answer, None when nothing: whoever asked has gone, or the host ends."""
        try:
            line = read_line(connection, LONGEST_REQUEST, time.monotonic() + REQUEST_S)
            require_own(connection)
            with self._lock:
                self._asking.discard(connection)
                if self._closing or not line:
                    return None
            return {"result": self._answer(*_request(line))}
        except ViewraError as error:
            return _failure(error)
        except TimeoutError:
            return _failure(UsageError(f"the request did not arrive within {REQUEST_S:g} s"))
        except OSError:
            return None
        except Exception as error:
            log.exception("a command failed within the host")
            return _failure(ViewraError(f"the host failed to do it: {error!r}", hint="its log has the traceback"))


def read_note(data_dir: Path) -> Path | None:
    """Where the control socket of the host on this data directory is, or was; None when there is no host."""
    try:
        text = (data_dir / NOTE_NAME).read_bytes().strip()
    except OSError:
        return None
    return Path(os.fsdecode(text)) if text and b"\0" not in text else None


def read_line(connection: socket.socket, longest: int, deadline: float) -> bytes:
    """What arrives up to a line's end, or "" when the other side closed before it began.

    Raises UsageError for a line longer than ``longest`` bytes or without an end, and TimeoutError at ``deadline`` (by
    ``time.monotonic``).
    """
    data = bytearray()
    while True:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        chunk = connection.recv(64 * 1024)
        end = chunk.find(b"\n")
        data += chunk[:end] if end >= 0 else chunk
        if len(data) > longest:
            raise UsageError(f"a line of more than {longest} bytes on the control socket")
        if end >= 0:
            return bytes(data)
        if not chunk:
            if data:
                raise UsageError("a line on the control socket has no end")
            return b""


def require_own(connection: socket.socket) -> None:
    """Raise ViewraError unless the other end is a process of this user's, or of root's."""
    peer = peer_of(connection)
    if peer.uid not in {os.geteuid(), 0}:
        raise ViewraError(f"user {peer.uid} may not use the control socket of user {os.geteuid()}")


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as a line; parts of paths that are not UTF-8 go through as they are."""
    return json.dumps(message).encode("ascii") + b"\n"


def _request(line: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"a request on the control socket is not JSON: {error}") from error
    command, arguments = None, None
    if isinstance(request, dict):
        command, arguments = request.get("command"), request.get("arguments", {})
    if not isinstance(command, str) or not isinstance(arguments, dict):
        raise UsageError('a request is {"command": "…", "arguments": {…}}')
    return command, arguments


def _failure(error: ViewraError) -> dict[str, Any]:
    several = error.errors if isinstance(error, ManifestError) else (error,)
    message = "\n".join(map(str, several))
    return {"error": {"message": message, "hint": error.hint, "exit_status": error.exit_status}}


def _send(connection: socket.socket, reply: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # whoever asked does not wait for the answer
        connection.sendall(encoded(reply))


def _write_note(note: Path, path: Path) -> None:
    fresh = note.with_name(f".{note.name}.new")
    fresh.write_bytes(os.fsencode(path) + b"\n")
    fresh.chmod(0o600)
    fresh.replace(note)
