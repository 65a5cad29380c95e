"""The global options, and the host or database that commands open with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from viewra.host.installed.data_dir import default_data_dir

if TYPE_CHECKING:
    from viewra.host import Host

_TO_PLUGINS = {"debug": "debug", "info": "info", "warning": "warn", "error": "error", "critical": "warn"}
"""The log level for plugins; ``critical`` is for commands that report every error themselves, and is not an option."""


@attrs.frozen
class Options:
    """The global options as they were given."""

    plugins: tuple[str, ...]
    database: str | None
    data_dir: str | None
    log_level: str
    log_format: str
    auto_mtls: bool = False
    reattach: tuple[str, ...] = ()
    sandbox: str = "off"
    allow_unsandboxed: bool = False

    @property
    def directory(self) -> Path:
        """The data directory."""
        return Path(self.data_dir) if self.data_dir is not None else default_data_dir()

    def host(self, *, exclusive: bool = True) -> Host:
        """The host, not opened yet; ``exclusive=False`` for commands that only read."""
        from viewra.cli._logging import configure  # both imported here: --help needs neither
        from viewra.host import Connecting, Host, Reattach

        configure(self.log_level, self.log_format)
        return Host(
            plugin_dirs=self.plugins,
            database_url=self.database,
            data_dir=self.data_dir,
            log_level=_TO_PLUGINS[self.log_level],
            exclusive=exclusive or bool(self.reattach),  # only an exclusive host attaches to a process
            watch=False,  # a command ends soon
            sandbox=self.sandbox,
            allow_unsandboxed=self.allow_unsandboxed,
            connecting=Connecting(auto_mtls=self.auto_mtls),
            reattach={
                plugin_id: Reattach.from_json(text)
                for plugin_id, _, text in (one.partition("=") for one in self.reattach)
            },
        )
