"""Ends the command: prints each error as a line or as JSON, and returns the exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click

from viewra.cli._output import flush, print_json, print_line, print_lines, print_text
from viewra.cli._streams import own_streams
from viewra.errors import ManifestError, ViewraError
from viewra.library.interrupt import Escalation


def status_of(run: Callable[[], Any]) -> int:
    """Run the command and print what is wrong; gives the exit status. Never raises for an error."""
    own_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, Escalation())
    try:
        try:
            result = run()
            flush()
        except Exception as error:
            return _tell(error)
        except KeyboardInterrupt:
            return _tell(click.Abort())
    except BrokenPipeError:  # the reader of the output has closed it
        _discard_output()
        return 1
    return result if isinstance(result, int) else 0  # a command passed it to Context.exit()


def _tell(error: Exception) -> int:
    """Print an error; returns the exit status. Raises BrokenPipeError."""
    message, hint, status = _described(error)
    if _wants_json():
        try:
            print_json({"error": {"message": message, "hint": hint, "exit_status": status}}, indent=None)
        except BrokenPipeError:
            raise
        except OSError:  # standard output itself is what fails
            _discard_output()
        else:
            return status
    _print_error(error, message, hint)
    try:
        flush()
    except BrokenPipeError:
        raise
    except OSError:
        _discard_output()
    return status


def _print_error(error: Exception, message: str, hint: str | None) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print_lines(message, err=True)
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        print_text(error.ctx.get_usage(), err=True)
    for line in _lines(error, message):
        print_text(f"viewra: {line}", err=True)
    if hint:
        print_line(f"  {hint}", err=True)


def _described(error: Exception) -> tuple[str, str | None, int]:
    """An error's message, remedy and exit status."""
    match error:
        case BrokenPipeError():
            raise error
        case ManifestError():
            return "\n".join(map(str, error.errors)), error.hint, error.exit_status
        case ViewraError():
            return str(error), error.hint, error.exit_status
        case click.UsageError():
            path = error.ctx.command_path if error.ctx is not None else "viewra"
            return error.format_message(), f"see: {path} --help", error.exit_code
        case click.ClickException():
            return error.format_message(), None, error.exit_code
        case click.Abort():
            return "interrupted", None, 1
        case OSError():
            return _of_system(error), None, 1
    import traceback  # light start

    # A bug in viewra: show its traceback, without texts of files or plugins that it may contain.
    for line in traceback.format_exception(error):
        for one in line.rstrip("\n").split("\n"):
            print_line(one, err=True)
    return f"{type(error).__name__}: {error}", "this is a bug in viewra", 1


def _of_system(error: OSError) -> str:
    """``path: the system's message``."""
    name = error.filename if error.filename is not None else error.filename2
    said = error.strerror or str(error) or type(error).__name__
    return f"{os.fsdecode(name)}: {said}" if isinstance(name, str | bytes | os.PathLike) else said


def _lines(error: Exception, message: str) -> list[str]:
    """One line for each of several errors."""
    return [str(one) for one in error.errors] if isinstance(error, ManifestError) else [message]


def _wants_json() -> bool:
    options = sys.argv[1:]
    return "--json" in (options[: options.index("--")] if "--" in options else options)


def _discard_output() -> None:
    """Send buffered output to nowhere when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
