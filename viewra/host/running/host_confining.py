"""Builds what a host starts and confines its plugins with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import sqlalchemy as sa

from viewra import library
from viewra.host.installed.grants import Grants
from viewra.host.running.confining import ENFORCED, Backend, Confining
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.own_user import PluginUsers
from viewra.process import RuntimeDir, Spawner, ZygoteUse
from viewra.process.sandbox.cgroup import Groups, find
from viewra.process.sandbox.machine import machine

log = logging.getLogger("viewra.host")


def confining_of(
    engine: sa.Engine,
    data_dir: Path,
    machinery: Machinery | None,
    backend: Backend,
    *,
    unsandboxed: bool,
    caps: Mapping[str, float],
) -> Confining:
    """For the host of this database, whose data and runtime directory no plugin may see."""
    data_dir = data_dir.absolute()
    users = PluginUsers(engine, data_dir)
    if machinery is not None and machine().root and backend in ENFORCED:
        users.read()
    secret = (data_dir, *((machinery.runtime_dir.path.parent,) if machinery is not None else ()))
    return Confining(
        secret,
        backend,
        unsandboxed,
        grants=Grants(engine).of,
        libraries=lambda: [*library.library_paths(engine).values()],
        user_of=users,
        caps=caps,
    )


def machinery_of(resources: ExitStack, zygote: ZygoteUse) -> Machinery:
    """What a host starts processes with; ``resources`` ends it."""
    runtime_dir = resources.enter_context(RuntimeDir())
    spawner = resources.enter_context(closing(Spawner(zygote=zygote)))
    return Machinery(spawner, runtime_dir, groups=groups_of())


def groups_of() -> Groups | None:
    """Control groups for this host's plugins; None if this process may not create any."""
    place = find()
    if place.reason:
        return None
    try:
        return Groups(place)
    except OSError as error:
        log.warning("plugins get no control groups: %s: %s", place.base, error.strerror or error)
        return None
