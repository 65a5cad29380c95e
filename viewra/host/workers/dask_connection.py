"""Connects to the scheduler of a dask cluster, which then ends at the workers what the connection has begun there."""

from __future__ import annotations

import logging

from distributed import Client
from distributed.security import Security

from viewra.errors import ViewraError
from viewra.host.workers.dask_worker import ViewraScheduler
from viewra.library.paths import display

ANSWER_S = 10.0
"""Seconds in which a scheduler must answer one request."""


def connect(address: str, security: Security | None, timeout_s: float, name: str) -> Client:
    """A connection whose ``ViewraWorker`` has this name; raises ViewraError if there can be none."""
    _log_like_viewra()
    try:
        client = Client(address, security=security, timeout=timeout_s, set_as_default=False, name="viewra")
    except Exception as error:
        raise ViewraError(
            f"no dask scheduler answers at {address}: {said(error)}",
            hint="start one, and workers: dask scheduler, dask worker (docs/scaling.md)",
        ) from error
    try:
        client.sync(_register, client, ViewraScheduler(name, client.id), callback_timeout=ANSWER_S)
    except BaseException as error:
        client.close(1.0)
        if isinstance(error, ImportError):
            hint = "install it there, too: pip install 'viewra[dask]'"
            raise ViewraError(
                f"the dask scheduler at {address} has no such viewra: {said(error)}", hint=hint
            ) from error
        if isinstance(error, Exception):
            raise ViewraError(f"the dask scheduler at {address} cannot be used: {said(error)}") from error
        raise
    return client


def said(error: BaseException) -> str:
    """What an error of dask's says, for people."""
    return display(str(error) or type(error).__name__)[:500]


async def _register(client: Client, plugin: ViewraScheduler) -> None:
    await client.register_plugin(plugin)


def _log_like_viewra() -> None:
    """Have dask's loggers write through viewra's, and not to the terminal by themselves."""
    for name, logger in logging.Logger.manager.loggerDict.items():
        if name.partition(".")[0] in {"distributed", "tornado"} and isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
