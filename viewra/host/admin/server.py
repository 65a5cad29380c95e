"""A running host's control socket, which answers the command line, with a thread per request.

``viewra.host.admin.wire`` defines the messages; this module does not know the commands.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from viewra.errors import UsageError, ViewraError
from viewra.host.admin.wire import encoded, failure, parse_request, read_line, require_own, write_note
from viewra.process import check_socket_path

Answer = Callable[[str, Mapping[str, Any]], Any]
"""Called with a command and its arguments, from any thread; returns JSON data or raises, preferably a ViewraError."""

LONGEST_REQUEST = 256 * 1024
"""Bytes of a request, which consists of names and settings."""
REQUEST_S, REPLY_S = 5.0, 5.0
"""Seconds in which a request must arrive, and its answer must be read."""
MOST_CONNECTIONS = 16
LOOK_S = 2.0
"""Seconds between checks of whether the socket still exists."""
CLOSE_S = 900.0
"""Backstop of ``close``: commands have their own deadlines, the longest is a migration's."""

log = logging.getLogger("viewra.host")


class ControlServer:
    """Answers on the socket ``path`` from construction to ``close``; meanwhile the file ``note`` contains its path.

    Only processes of this user and of root are answered. Each connection has a thread. Raises ViewraError if socket or
    note cannot be created.
    """

    def __init__(self, path: Path, note: Path, answer: Answer, prepare: Callable[[], object] = lambda: None) -> None:
        """``prepare`` creates the socket's directory again; called if a cleaner of old files has removed the socket."""
        check_socket_path(path)
        self._path = path
        self._note = note
        self._answer = answer
        self._prepare = prepare
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()  # connections
        self._asking: set[socket.socket] = set()  # connections whose request has not arrived yet
        self._threads: set[threading.Thread] = set()
        self._closing = False
        with contextlib.ExitStack() as undo:
            try:
                self._listener = undo.enter_context(_listening(path))
                self._wake, self._woken = socket.socketpair()
                undo.callback(self._wake.close)
                undo.callback(self._woken.close)
                write_note(note, path)
            except OSError as error:
                full = error.errno in {errno.ENOSPC, errno.EDQUOT}
                hint = "free space on its disk" if full else "viewra must be able to write there"
                raise ViewraError(f"{error.filename or path}: {error.strerror}", hint=hint) from error
            undo.pop_all()
        self._accepting = threading.Thread(target=self._accept, name="control", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Accept no more requests, and wait for running commands, which use the plugins. May be called twice."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._note.unlink(missing_ok=True)
        self._wake.shutdown(socket.SHUT_RDWR)  # not only closed: a forked process may have a copy
        self._accepting.join(LOOK_S)
        self._wake.close()
        self._woken.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            threads = tuple(self._threads)
            for connection in self._asking:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        until = time.monotonic() + CLOSE_S
        for thread in (self._accepting, *threads):
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                log.error(
                    "the thread %s did not end within %g s and is not waited for any longer", thread.name, CLOSE_S
                )

    def let_go(self) -> None:
        """In a forked process: close its copies of the sockets; the parent continues to answer."""
        for copy in (self._listener, self._wake, self._woken, *self._open):
            copy.close()

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
                ready = {key.fileobj for key, _ in selector.select(LOOK_S)}
                if self._woken in ready:
                    return
                if not ready:
                    self._renew(selector)
                    continue
                try:
                    connection, _ = self._listener.accept()
                except OSError as error:  # the client has disconnected, or the process has no descriptors left
                    log.debug("a connection to the control socket failed: %s", error)
                    threading.Event().wait(0.05)  # do not spin while there are none
                    continue
                self._begin(connection)

    def _renew(self, selector: selectors.BaseSelector) -> None:
        """Create the socket again if it was removed."""
        if self._path.exists():
            return
        try:
            self._prepare()
            fresh = _listening(self._path)
        except (OSError, ViewraError) as error:
            log.debug("the control socket cannot be created again: %s", error)
            return
        selector.unregister(self._listener)
        self._listener.close()
        self._listener = fresh
        selector.register(fresh, selectors.EVENT_READ)

    def _begin(self, connection: socket.socket) -> None:
        """Answer a connection on its own thread; refuse one too many."""
        with self._lock:
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            if len(self._threads) >= MOST_CONNECTIONS:
                connection.setblocking(False)
                _send(connection, failure(ViewraError("the host is busy with other commands", hint="try again")))
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="control-command", daemon=True)
            self._open.add(connection)
            self._asking.add(connection)
            self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # the process may have no more threads
            log.warning("a command cannot be accepted: %s", error)
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
            self._open.discard(connection)
        connection.close()

    def _reply(self, connection: socket.socket) -> dict[str, Any] | None:
        """The answer, None if the client has disconnected, or the host ends."""
        try:
            line = read_line(connection, LONGEST_REQUEST, time.monotonic() + REQUEST_S)
            require_own(connection)
            with self._lock:
                self._asking.discard(connection)
                if self._closing or not line:
                    return None
            return {"result": self._answer(*parse_request(line))}
        except ViewraError as error:
            return failure(error)
        except TimeoutError:
            return failure(UsageError(f"the request did not arrive within {REQUEST_S:g} s"))
        except OSError:
            return None
        except Exception as error:
            log.exception("a command failed within the host")
            return failure(
                ViewraError(f"the host failed to run the command: {error!r}", hint="its log has the traceback")
            )


def _listening(path: Path) -> socket.socket:
    """A listening socket at this path to which only this user may connect."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(MOST_CONNECTIONS)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _send(connection: socket.socket, reply: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the client does not wait for the answer
        connection.sendall(encoded(reply))
