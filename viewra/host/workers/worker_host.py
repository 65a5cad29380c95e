"""``WorkerHost``: the host of one scan on a worker, with the scanning host's plugins and a data directory for the time.

Its database holds the settings and grants of the plan, and nothing of the library.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from viewra import library
from viewra.errors import PluginClosed, PluginError, UsageError, ViewraError
from viewra.host.environments.environment import FOLDER as ENVIRONMENTS
from viewra.host.facade import Host
from viewra.host.installed.code_hash import code_hash
from viewra.host.installed.data_dir import PACKAGES, default_data_dir, make_private
from viewra.host.installed.discovery import discover
from viewra.host.installed.held_folder import held_folder
from viewra.host.plugin import Plugin
from viewra.host.workers.packing import unpack
from viewra.host.workers.plan import Plan, PlannedPlugin
from viewra.library.engine import Answer, CodeMissing, Failed, HostNeeded, Outcomes, Request, Unfit
from viewra.library.paths import display, is_gone
from viewra.services import ScraperSession
from viewra.types import FileOutcome

IDLE_S = 300.0
"""Seconds without a batch after which the host closes; the next batch opens another one."""

_WITHOUT_DATA = ("cache", "fetch", "progress")
"""Host services that need nothing of the scanning host."""

log = logging.getLogger("viewra.host")


class WorkerHost:
    """Reads the batches of one scan on the worker of this name. Thread-safe."""

    def __init__(self, plan: Plan, worker: str) -> None:
        self.scan = plan.scan
        self._plan = plan
        self._planned = {one.plugin_id: one for one in plan.plugins}
        self._worker = worker
        self._lock = threading.Lock()  # held while the host opens, takes code up, and closes
        self._resources = ExitStack()
        self._host: Host | None = None
        self._folder = Path()
        self._sessions: dict[str, ScraperSession] = {}
        self._failed: dict[str, ViewraError] = {}  # why plugins that are here have no session
        self._reading = 0
        self._last = time.monotonic()
        self._over = threading.Event()

    def read(self, request: Request) -> Answer:
        """Read a batch; never raises."""
        try:
            with self._lock:
                found = self._session(request)
                if found is None:
                    return CodeMissing(self._worker)
                session, plugin = found
                self._reading += 1
            try:
                return self._read(session, plugin, request)
            finally:
                with self._lock:
                    self._reading -= 1
                    self._last = time.monotonic()
        except (ViewraError, OSError) as error:
            return Unfit(self._worker, f"cannot read: {_said(error)}")
        except Exception as error:
            log.exception("the worker %s failed", self._worker)
            return Unfit(self._worker, f"failed: {_said(error)}")

    def close(self) -> None:
        """End the plugins and delete the data directory. What is being read ends as unfit."""
        self._over.set()
        with self._lock:
            self._close()

    def _read(self, session: ScraperSession, plugin: Plugin, request: Request) -> Answer:
        began = time.monotonic()
        outcomes: tuple[FileOutcome, ...] = ()
        failure: PluginError | None = None
        try:
            outcomes = tuple(session.submit(request.files).result())
        except PluginClosed:
            return Unfit(self._worker, "is being stopped")
        except PluginError as error:
            failure = error
        took_s = time.monotonic() - began
        if needed := next((one for one in plugin.stats.host_calls if not one.startswith(_WITHOUT_DATA)), None):
            return HostNeeded(self._worker, needed)
        if failure is not None:
            failure.__cause__ = failure.__context__ = failure.__traceback__ = None  # some of which cannot be pickled
            return Failed(self._worker, failure)
        absent = tuple(
            number
            for number, (file, outcome) in enumerate(zip(request.files, outcomes, strict=True))
            if outcome.error and is_gone(os.fsencode(file.file_path))
        )
        return Outcomes(self._worker, outcomes, took_s, absent)

    def _session(self, request: Request) -> tuple[ScraperSession, Plugin] | None:
        """The open session of a plugin; None if its code is not here. Raises ViewraError, OSError."""
        if self._over.is_set():
            raise ViewraError("it is being stopped")
        host = self._host or self._open()
        if request.plugin_id not in self._sessions and request.plugin_id not in self._failed:
            if request.code is None:
                return None
            planned = self._planned[request.plugin_id]
            directory = self._folder / "code" / planned.plugin_id
            shutil.rmtree(directory, ignore_errors=True)  # what an attempt has left for which there was no room
            unpack(request.code, directory, planned.code_hash)
            self._link(planned.plugin_id).unlink(missing_ok=True)
            self._link(planned.plugin_id).symlink_to(directory)
            self._take_up(host, [planned])
        if error := self._failed.get(request.plugin_id):
            raise error
        return self._sessions[request.plugin_id], host.plugins[request.plugin_id]

    def _open(self) -> Host:
        if self._plan.viewra != (ours := version("viewra")):
            raise ViewraError(f"viewra {ours} is installed there, and the scanning host has {self._plan.viewra}")
        root = self._plan.root
        if not Path(root).is_dir():
            raise UsageError(f"there is no folder {display(root)}: mount it there, or say where it is with --map")
        with ExitStack() as resources:
            folder = self._folder = resources.enter_context(held_folder("viewra-worker-"))
            data = folder / "data"
            for made in (folder / "plugins", data):
                made.mkdir(mode=0o700)
            make_private(own := _data_dir())
            environments = own / ENVIRONMENTS  # built once for all scans
            environments.mkdir(mode=0o700, exist_ok=True)
            (data / ENVIRONMENTS).symlink_to(environments)
            installed = _installed(self._plan.plugins)
            for plugin_id, directory in installed.items():
                self._link(plugin_id).symlink_to(directory)
            host = Host(
                plugin_dirs=[folder / "plugins"], data_dir=data, watch=False, lasting=False, **self._plan.options
            )
            resources.enter_context(host)
            for plugin in host.plugins.values():  # those of this machine are not asked
                if plugin.id not in installed:
                    plugin.disable()
            library.keep_excluded(host.engine, root, ())
            self._take_up(host, [one for one in self._plan.plugins if one.plugin_id in installed])
            self._resources = resources.pop_all()
        self._host, self._last = host, time.monotonic()
        threading.Thread(target=self._close_when_idle, args=(host,), name="worker-idle", daemon=True).start()
        return host

    def _link(self, plugin_id: str) -> Path:
        return self._folder / "plugins" / plugin_id

    def _take_up(self, host: Host, planned: Sequence[PlannedPlugin]) -> None:
        """Have the plugins, whose code is linked, run as on the scanning host, and open their sessions.

        One that cannot is no matter of the others.
        """
        for one in planned:
            if one.plugin_id in host.plugins and host.plugins[one.plugin_id].path != self._link(one.plugin_id):
                host.plugins[one.plugin_id].disable()  # another version, which would stay in its place
        host.plugins.rescan()
        for one in planned:
            plugin = host.plugins[one.plugin_id]
            plugin.settings.change(one.settings)
            plugin.runtime_settings.change(one.runtime)
            for grant in one.grants:
                (plugin.grant(grant.name, paths=grant.paths) if grant.granted else plugin.revoke(grant.name))
            plugin.enable()
        for result in host.hook.open_scraper():
            if result.error is not None:
                self._failed[result.plugin_id] = result.error
            elif result.value is not None:
                self._sessions[result.plugin_id] = result.value
        for one in planned:
            if one.plugin_id not in self._sessions:
                self._failed.setdefault(one.plugin_id, ViewraError(f"the plugin {one.plugin_id} reads no files there"))

    def _close(self) -> None:
        self._sessions.clear()
        self._failed.clear()
        self._host = None
        self._resources.close()

    def _close_when_idle(self, host: Host) -> None:
        while not self._over.wait(IDLE_S / 10):
            with self._lock:
                if self._host is not host:
                    return
                if not self._reading and time.monotonic() - self._last > IDLE_S:
                    self._close()
                    return


def _data_dir() -> Path:
    """This machine's own data directory, with plugins that are installed here."""
    return Path(os.environ.get("VIEWRA_DATA_DIR") or default_data_dir()).absolute()


def _installed(planned: Sequence[PlannedPlugin]) -> dict[str, Path]:
    """The plugins that this machine has in the planned version, by id."""
    wanted = {one.plugin_id: one.code_hash for one in planned}
    given = [Path(one) for one in os.environ.get("VIEWRA_PLUGINS", "").split(os.pathsep) if one]
    found = discover(given, _data_dir() / PACKAGES)
    return {
        one.plugin_id: one.directory
        for one in found
        if one.plugin_id in wanted and code_hash(one.directory) == wanted[one.plugin_id]
    }


def _said(error: BaseException) -> str:
    return display(error.told if isinstance(error, ViewraError) else str(error) or type(error).__name__)
