"""A scan's progress bar: files, rate, time left, failures. Silent unless stderr is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from viewra.library import ScanProgress, display

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class Progress:
    """Call it with each ``ScanProgress``; shows nothing if ``shown`` is false or stderr is not a terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        if shown and sys.stderr is not None and sys.stderr.isatty():
            self._bar = _bar()

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("scanning", total=None, failed=0, rate="", workers="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away. May be called twice."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: ScanProgress) -> None:
        """Show the scan's progress."""
        if self._bar is None or self._task is None:
            return
        elapsed = self._bar.tasks[0].elapsed or 0
        rate = f"{progress.done / elapsed:,.0f} files/s" if elapsed > 0.5 else ""
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            description=progress.phase,
            failed=progress.failed,
            rate=rate,
            current=display(progress.current)[-60:],
            workers=", ".join(f"{display(name)} {count:,}" for name, count in sorted(progress.workers.items()))[:120],
        )


def _bar() -> Bar:
    from rich.console import Console  # imported here: a scan without a terminal does not need rich
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TextColumn("{task.fields[workers]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
