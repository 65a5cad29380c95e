"""A spawner and a way to start small Python programs as children."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.leftovers import Present
from viewra.process import Child, LaunchPlan, Spawner, plugin_environment


class Lines:
    """What a child's listener heard, and a wait for something in it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.quiet = 0
        self._changed = threading.Condition()

    def on_line(self, stream: str, text: str) -> None:
        with self._changed:
            self.heard.append((stream, text))
            self._changed.notify_all()

    def on_quiet(self) -> None:
        with self._changed:
            self.quiet += 1
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, 30), self.heard

    def wait_line(self, text: str) -> None:
        self.wait_for(lambda: any(text in line for _, line in self.heard))


@pytest.fixture
def spawner() -> Iterator[Spawner]:
    spawner = Spawner()
    yield spawner
    spawner.close()


Start = Callable[..., Child]


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def start(spawner: Spawner, lines: Lines) -> Iterator[Start]:
    """Start a Python program given as text, or ``argv``; every child is killed and reaped at the end."""
    children: list[Child] = []

    def start(
        code: str, *arguments: str, env: dict[str, str] | None = None, argv: tuple[str, ...] = (), **more: object
    ) -> Child:
        told = {name: more.pop(name) for name in ("on_exit",) if name in more}
        plan = LaunchPlan(
            argv or (sys.executable, "-c", code, *arguments),
            plugin_environment(env or {}),
            **more,  # type: ignore[arg-type]
        )
        child = spawner.launch(plan, **{"on_line": lines.on_line, "on_quiet": lines.on_quiet, **told})  # type: ignore[arg-type]
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        assert child.returncode is not None


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No test leaves a thread or a descriptor."""

    before = Present()
    yield
    before.nothing_is_left()
