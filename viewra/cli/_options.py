"""The global options, and the host or database that commands open with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from viewra.cli import _garbage
from viewra.host.installed.data_dir import default_data_dir

if TYPE_CHECKING:
    import sqlalchemy as sa

    from viewra.host import Host
    from viewra.host.environments.origins import Origins
    from viewra.library import LibraryAccess
    from viewra.process import ZygoteUse

_TO_PLUGINS = {"debug": "debug", "info": "info", "warning": "warn", "error": "error", "critical": "warn"}
"""The log level for plugins; ``critical`` is for commands that report every error themselves, and is not an option."""


class Options(NamedTuple):
    """The global options as they were given; a tuple, since --help need not wait for attrs."""

    plugins: tuple[str, ...]
    database: str | None
    data_dir: str | None
    log_level: str
    log_format: str
    auto_mtls: bool = False
    reattach: tuple[str, ...] = ()
    sandbox: str = "auto"
    allow_unsandboxed: bool = False
    caps: tuple[str, ...] = ()
    fetch_contact: str = ""
    fetch_proxy: str = ""
    fetch_ca: str = ""
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    allow_builds: bool = False
    catalogs: tuple[str, ...] = ()
    zygote: ZygoteUse = "auto"

    @property
    def directory(self) -> Path:
        """The data directory."""
        return Path(self.data_dir) if self.data_dir is not None else default_data_dir()

    @property
    def packages(self) -> Origins:
        """Where the Python packages that plugins name come from."""
        from viewra.host.environments.origins import Origins  # light start

        return Origins(tuple(map(_whole, self.find_links)), self.no_index, self.allow_builds)

    def host(self, *, exclusive: bool = True, lasting: bool = False) -> Host:
        """The host, not opened yet; ``exclusive=False`` for commands that only read and need its plugins.

        ``lasting`` is for a host that serves.
        """
        from viewra.cli._logging import configure  # both imported here: --help needs neither
        from viewra.host import Connecting, Fetching, Host, Reattach
        from viewra.host.running.limits import caps_of

        _garbage.begin()
        configure(self.log_level, self.log_format)
        return Host(
            plugin_dirs=self.plugins,
            database_url=self.database,
            data_dir=self.data_dir,
            log_level=_TO_PLUGINS[self.log_level],
            exclusive=exclusive or bool(self.reattach),  # only an exclusive host attaches to a process
            watch=lasting,  # other commands end soon
            lasting=lasting,
            sandbox=self.sandbox,
            allow_unsandboxed=self.allow_unsandboxed,
            caps=caps_of(self.caps),
            packages=self.packages,
            zygote=self.zygote,
            catalogs=self.catalogs,
            connecting=Connecting(auto_mtls=self.auto_mtls),
            fetching=Fetching(self.fetch_contact, self.fetch_proxy, self.fetch_ca),
            reattach={
                plugin_id: Reattach.from_json(text)
                for plugin_id, _, text in (one.partition("=") for one in self.reattach)
            },
        )

    @contextmanager
    def engine(self) -> Iterator[sa.Engine]:
        """The host's database, open inside, for commands that look something up and need no plugin: a light start."""
        from viewra.cli._logging import configure  # imported here: --help needs neither
        from viewra.host.looking import looking

        _garbage.begin()
        if self.caps or self.reattach:
            self.host(exclusive=False)  # not opened: it checks what it is given
        configure(self.log_level, self.log_format)
        with looking(self.directory, self.database) as engine:
            yield engine

    @contextmanager
    def library(self) -> Iterator[LibraryAccess]:
        """``host.library`` without a host, as ``engine``."""
        from viewra.library import LibraryAccess  # light start

        with self.engine() as engine:
            yield LibraryAccess(engine)


def _whole(place: str) -> str:
    """A folder's absolute path; the address of a page as it is."""
    return place if "://" in place else str(Path(place).expanduser().absolute())
