"""``PluginOptions``: how a host runs plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra.bridge import Fetching
from viewra.codec.limits import Limits
from viewra.host.environments.environments import Environments
from viewra.host.environments.origins import Origins
from viewra.host.logs.log import LogListener
from viewra.host.making import Making
from viewra.host.running.confining import Backend, require_backend
from viewra.host.running.host_confining import confining_of
from viewra.host.running.launch_spec import Connecting, Machinery
from viewra.host.running.limits import caps_of
from viewra.host.running.pool import StateListener
from viewra.process import ZygoteUse
from viewra.services import Services


@attrs.frozen(kw_only=True, eq=False)
class PluginOptions:
    """The parameters of ``Host`` of the same names, which says what they mean, checked and completed."""

    log_level: str
    connecting: Connecting
    versions: tuple[int, ...]
    limits: Limits
    services: Services
    sandbox: Backend
    allow_unsandboxed: bool
    caps: Mapping[str, float]
    fetching: Fetching
    packages: Origins
    zygote: ZygoteUse

    def making(
        self,
        engine: sa.Engine,
        data_dir: Path,
        machinery: Machinery | None,
        *,
        on_state: StateListener,
        on_log: LogListener,
    ) -> Making:
        """What a host that is open makes plugins with."""
        return Making(
            data_dir=data_dir.absolute(),
            log_level=self.log_level,
            machinery=machinery,
            connecting=self.connecting,
            confining=confining_of(
                engine, data_dir, machinery, self.sandbox, unsandboxed=self.allow_unsandboxed, caps=self.caps
            ),
            versions=self.versions,
            limits=self.limits,
            services=self.services,
            environments=Environments(data_dir, self.packages),
            on_state=on_state,
            on_log=on_log,
        )


def chosen_sandbox(given: str | None) -> Backend:
    """The sandbox: as given, else VIEWRA_SANDBOX, else the strongest; raises UsageError for one that is unknown."""
    return require_backend(given or os.environ.get("VIEWRA_SANDBOX") or "auto")


def chosen_caps(given: Mapping[str, float] | None) -> Mapping[str, float]:
    """The caps: as given, else VIEWRA_CAPS; raises UsageError for one that is unknown or no limit."""
    stated = os.environ.get("VIEWRA_CAPS", "").split() if given is None else [f"{k}={n:g}" for k, n in given.items()]
    return caps_of(stated)
