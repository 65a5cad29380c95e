"""Takes over processes that this host did not start: detached ones of an earlier host, and ones started by hand."""

from __future__ import annotations

import logging

import attrs

from viewra.errors import PluginUnavailable, ViewraError
from viewra.host.running import reattach
from viewra.host.running.reattach import Reattach
from viewra.host.running.runs import NOT_TO_RUN, Runs
from viewra.host.running.states import Event
from viewra.types import PluginState

log = logging.getLogger("viewra.host")


def adopt(runs: Runs) -> None:
    """Take over the process that an earlier host left running, if any; stops it if it runs other code."""
    record = reattach.take(runs.installation.backups)
    if record is None:
        return
    with runs.alone():
        code = runs.installation.used
        try:
            run, configured = runs.launching.take_over(record, code)
        except ViewraError as error:
            log.warning("plugin %s: the process that an earlier host left is not taken over: %s", runs.plugin_id, error)
            return
        if runs.pool.state is not PluginState.READY or record.code_hash != code.code_hash:
            run.stop()
            return
        runs.serve((run,), configured)


def attach(runs: Runs, record: Reattach) -> None:
    """Use a process that a developer started by hand instead of starting one; raises PluginUnavailable."""
    with runs.alone(to_end=True):
        runs.end()
        try:
            run, configured = runs.launching.take_over(record, runs.installation.used)
        except ViewraError as error:
            failure = PluginUnavailable(runs.plugin_id, f"could not be attached to: {error}", hint=error.hint)
            if runs.pool.state not in NOT_TO_RUN:
                runs.pool.become(Event.UNREACHED, PluginState.CRASHED, failure.message)
            raise failure from error
        runs.serve((run,), configured)


def detach(runs: Runs) -> bool:
    """Leave the process running for the next host until its lease ends; False if it is not detachable."""
    with runs.alone():
        run = runs.pool.first
        if run is None or not run.lasts:
            return False
        if not runs.pool.take(Event.LEAVE, PluginState.STOPPED, "left to the next host", beside=run):
            return False
        record = attrs.evolve(run.detach(), code_hash=runs.installation.used.code_hash)
        reattach.keep(runs.installation.backups, record)
        return True
