"""The page of a plugin's tasks: how many wait for what, the tasks themselves, and what an operator does with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.host.admin import operations, task_operations
from viewra.types import QueuedTask, TaskState
from viewra.web.pages.desk import Desk
from viewra.web.pages.plugins import BACK, choices
from viewra.web.pages.requests import id_of

HERE = f"{BACK}/tasks"
SHOWN = 50
"""Tasks on one page."""
ACTIONS: Mapping[str, tuple[Callable[..., QueuedTask], str]] = {
    "cancel": (task_operations.task_cancel, "is cancelled"),
    "retry": (task_operations.task_retry, "is executed again"),
}


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of tasks."""
    return [desk.get(HERE, show), desk.post(f"{HERE}/{{task_id:int}}/{{action}}", act, back=HERE)]


async def show(desk: Desk, request: Request) -> Response:
    """The tasks of one plugin, those in one state or all."""
    plugin_id = request.path_params["plugin_id"]
    asked = request.query_params.get("state", "")
    state = next((str(one) for one in TaskState if one == asked), "")
    plugin = await desk.ask(operations.info, plugin_id=plugin_id)
    counts = await desk.ask(task_operations.task_counts, plugin_id=plugin_id)
    page = await desk.ask(
        task_operations.task_list,
        plugin_id=plugin_id,
        state=state,
        after=request.query_params.get("after") or None,
        limit=SHOWN,
    )
    return desk.show(
        request,
        "plugin_tasks.html",
        plugin=plugin,
        tab="tasks",
        choices=choices,
        counts=counts[0] if counts else None,
        page=page,
        state_asked=state,
    )


async def act(desk: Desk, request: Request) -> Response:
    """Cancel a task, or have it executed again."""
    action = ACTIONS.get(request.path_params["action"])
    if action is None:
        raise HTTPException(404)
    operation, what = action
    task = await desk.ask(operation, task_id=id_of(request, "task_id"))
    to = HERE.format(plugin_id=request.path_params["plugin_id"])
    return desk.done(request, to, f"the task {task.name} {what}")
