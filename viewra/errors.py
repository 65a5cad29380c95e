"""Every error that viewra raises on purpose, and its culprit.

An error's text names the culprit (a plugin, a file, a setting); ``hint`` says what to do next. The cause is
chained with ``raise … from``. Nothing here imports anything of viewra.
"""

from __future__ import annotations

from typing import Any


class ViewraError(Exception):
    """Base of all errors raised on purpose.

    ``str(error)`` is one line that names the culprit; ``hint`` is the remedy in one line, or None when the message
    already says it. ``exit_status`` is the status with which the command line ends: 1 failed, 2 wrong usage.
    """

    exit_status = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    @property
    def told(self) -> str:
        """Message and hint in one line, where there is no second one for the hint."""
        return f"{self} ({self.hint})" if self.hint else str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _bare, (type(self), self.args), vars(self)  # by default ``__init__`` would be called with ``args``


def _bare(kind: type[ViewraError], args: tuple[Any, ...]) -> ViewraError:
    """An error of another process, before its attributes are set."""
    return kind.__new__(kind, *args)


class UsageError(ViewraError):
    """The caller requested something impossible: an unknown plugin, a folder that does not exist."""

    exit_status = 2


class NotFound(UsageError):
    """What the caller named by its id, name or path is not there."""


class DatabaseError(ViewraError):
    """The host's database cannot be opened, read or written (read-only, corrupt, of a newer schema, disk full)."""


class LockedError(ViewraError):
    """Another process holds a required lock; the message names its pid."""


class MigrationError(ViewraError):
    """A database schema could not be migrated; the database is unchanged."""


class PermissionDenied(ViewraError):
    """A plugin asked for something that its manifest does not declare or the operator did not grant."""


class HostError(ViewraError):
    """A host service could not do what a plugin asked of it, for a reason that is not the plugin's."""


class HostUnavailable(HostError):
    """There is no host to ask: it offers no host services, or the stream to it has ended."""


class HostTimeout(HostError):
    """A host service did not answer within the call's deadline."""


class FetchFailed(HostError):
    """An HTTP request got no answer, or not the one that was asked for."""


class QuotaExceeded(HostError):
    """A plugin has used up what it may store or ask for; the message names the quota."""


class ManifestError(ViewraError):
    """One error in one manifest, with its place.

    ``file`` is the file's name as given; ``line`` and ``column`` count from 1 (0: the place is the whole file);
    ``path`` is the dotted path of the field (``"settings.timeout"``), ``""`` for the file itself. ``errors`` lists
    every error found, this one first, when several were found at once.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int = 0,
        column: int = 0,
        path: str = "",
        hint: str | None = None,
        errors: tuple[ManifestError, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.errors: tuple[ManifestError, ...] = errors or (self,)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.path, self.message) if part)


class HandshakeError(ViewraError):
    """A plugin process did not complete the start: ``step`` names where, ``output`` is its last output.

    ``step`` is one of ``verify spawn handshake connect health info services initialize migrate start``; ``output``
    holds the last lines that the process wrote to stdout and stderr, without line ends.
    """

    def __init__(self, message: str, *, step: str, output: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.output = output


class PluginError(ViewraError):
    """A call to one plugin failed. ``plugin_id`` names it; ``call`` is the service method or ``""``.

    ``worker`` names the worker on which it failed, in a scan over several (docs/scaling.md); ``""``: this process.
    """

    worker = ""

    def __init__(self, plugin_id: str, message: str, *, call: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.plugin_id = plugin_id
        self.call = call

    def __str__(self) -> str:
        where = f"plugin {self.plugin_id}" + (f", {self.call}" if self.call else "")
        return f"{where}: {self.message}"


class PluginUnavailable(PluginError):
    """The plugin cannot answer: it did not start, crashed, is disabled, or its connection broke.

    ``in_call`` says that it was available when the call began: the call itself may have crashed it.
    """

    def __init__(
        self, plugin_id: str, message: str, *, call: str = "", in_call: bool = False, hint: str | None = None
    ) -> None:
        super().__init__(plugin_id, message, call=call, hint=hint)
        self.in_call = in_call


class PluginBusy(PluginUnavailable):
    """The plugin has as many open streams as it may have, and none of them ended in time."""


class PluginClosed(PluginError):
    """The plugin was stopped on purpose, by the host or the operator, before or during the call."""


class PluginTimeout(PluginError):
    """The plugin did not answer within the call's deadline."""


class PluginFault(PluginError):
    """The plugin answered with an error, or with an invalid answer.

    ``kind`` is the exception's type in the plugin and ``causes`` its chain of causes, nearest first, each as ``Type:
    message``, if known. ``reason`` is the message without them. The plugin's log has ``call_id`` beside the traceback.
    """

    def __init__(
        self,
        plugin_id: str,
        message: str,
        *,
        call: str = "",
        kind: str = "",
        causes: tuple[str, ...] = (),
        call_id: str = "",
        hint: str | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(plugin_id, message, call=call, hint=hint)
        self.reason = reason or message
        self.kind = kind
        self.causes = causes
        self.call_id = call_id


class NotOffered(PluginError):
    """The plugin has no such service or method (gRPC's UNIMPLEMENTED): not a failure."""
