"""Makes pages of templates; pages' own templates come before those that the other parts bring along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from viewra.library import display

_HOME = Path(__file__).parent
_FOLDERS = tuple(_HOME / part / "templates" for part in ("pages", "access"))
"""Where templates are: one of the same name in an earlier folder replaces a later one's."""

environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDERS),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""Every value is escaped; a name that is not given is an error."""
environment.filters["shown"] = display


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """A page. Besides ``context`` the template has ``request``, and its ``state`` with ``identity`` and ``csrf``."""
    text = environment.get_template(template).render(request=request, state=request.state, **context)
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status, headers)
