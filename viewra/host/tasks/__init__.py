"""Executes the tasks in plugins' queues: ``TaskExecutor``, one for a host."""

from __future__ import annotations

from viewra.host.tasks.executor import TaskExecutor

__all__ = ["TaskExecutor"]
