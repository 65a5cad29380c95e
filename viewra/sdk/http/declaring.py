"""``@route`` and ``@page``: a class whose methods have them offers the services with these routes and pages.

The decorators add the services' methods to the class, so a plugin without routes or pages costs nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from viewra import types  # light start-up: its classes are created at first use
from viewra.routes import Table, compiled

if TYPE_CHECKING:
    from viewra.types import AdminPage, APIRoute, RequestPart, ResponsePart

Handler = TypeVar("Handler", bound=Callable[..., Any])
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OWN, _ALL = "_viewra_http_own", "_viewra_http_all"  # attributes of classes


class Declaration(NamedTuple):
    """One route, or one page if it has a title; ``name`` is the class's method that answers it."""

    method: str
    path: str
    name: str = ""
    description: str = ""
    title: str = ""
    icon: str = ""
    category: str = ""
    fragment: bool = False
    hidden: bool = False


def route(method: str, path: str, description: str = "") -> Callable[[Handler], Handler]:
    """Answer requests of this HTTP method to ``/api/plugins/<id><path>`` with the decorated method.

    ``{name}`` in the path is a segment, ``{name:path}`` the rest; the handler finds them in ``request.path_params``.
    The description is by default the first line of the handler's docstring. Raises ValueError for what cannot be
    declared.
    """
    return _declare(lambda doc: [Declaration(_known(method), _valid(path), description=description or doc)])


def page(
    path: str,
    title: str = "",
    *,
    icon: str = "",
    category: str = "",
    methods: Sequence[str] = ("GET",),
    fragment: bool = False,
) -> Callable[[Handler], Handler]:
    """Show an admin page at ``/admin/plugins/<id><path>``, made by the decorated method.

    It is in the menu under its title and ``category``; without a title it is not, which suits what other pages load or
    send forms to. A page has a frame of its own, where scripts and forms work; a ``fragment`` is plain content in the
    host's own page: the host removes scripts, styles and forms. Raises ValueError for what cannot be declared.
    """
    return _declare(
        lambda doc: [
            Declaration(_known(method), _valid(path), "", doc, title, icon, category, fragment, hidden=bool(at))
            for at, method in enumerate(methods)
        ],
        page=True,
    )


class _Declared:
    """A decorated function until its class is made, which then gets the function and what it declares."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.routes: list[Declaration] = []
        self.pages: list[Declaration] = []

    def __set_name__(self, owner: type, name: str) -> None:
        setattr(owner, name, self.function)
        if _OWN not in owner.__dict__:
            setattr(owner, _OWN, _Own([], []))
        own: _Own = owner.__dict__[_OWN]
        own.routes.extend([one._replace(name=name) for one in self.routes])
        own.pages.extend([one._replace(name=name) for one in self.pages])
        if self.routes:
            _offer(owner, get_registered_routes=_get_registered_routes)
        if self.pages:
            _offer(owner, get_admin_pages=_get_admin_pages, register_routes=_register_routes)
        _offer(owner, handle_http=_handle_http)


class Declared:
    """What a class declares, and what it inherits."""

    def __init__(self, owner: type) -> None:
        bases = [base.__dict__[_OWN] for base in owner.__mro__ if _OWN in base.__dict__]
        self.routes = [one for own in bases for one in own.routes]
        self.pages = [one for own in bases for one in own.pages]
        self.tables = {
            types.Area.ROUTE: Table((one.method, one.path, one) for one in self.routes),
            types.Area.PAGE: Table((one.method, one.path, one) for one in self.pages),
        }

    @classmethod
    def of(cls, owner: type) -> Declared:
        """What this class declares, worked out once."""
        if _ALL not in owner.__dict__:
            setattr(owner, _ALL, cls(owner))
        return cast("Declared", owner.__dict__[_ALL])


class _Own(NamedTuple):
    routes: list[Declaration]
    pages: list[Declaration]


def _declare(make: Callable[[str], list[Declaration]], *, page: bool = False) -> Callable[[Handler], Handler]:
    def decorate(function: Handler) -> Handler:
        given: Any = function
        declared = given if isinstance(given, _Declared) else _Declared(given)
        if inspect.iscoroutinefunction(declared.function):
            raise ValueError(f"{declared.function.__name__}: a handler is a plain function; mount an ASGI app instead")
        doc = (inspect.getdoc(declared.function) or "").partition("\n")[0]
        (declared.pages if page else declared.routes).extend(make(doc))
        return cast("Handler", declared)

    return decorate


def _known(method: str) -> str:
    if method.upper() not in _METHODS:
        raise ValueError(f"{method!r} is no HTTP method: write one of {', '.join(_METHODS)}")
    return method.upper()


def _valid(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{path!r}: a path begins with /")
    compiled(path)
    return path


def _offer(owner: type, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        if not hasattr(owner, name):  # the author's own counts
            setattr(owner, name, method)


def _get_registered_routes(plugin: object) -> Sequence[APIRoute]:
    """The routes that ``@route`` declares."""
    return [types.APIRoute(one.path, one.method, one.description) for one in Declared.of(type(plugin)).routes]


def _get_admin_pages(plugin: object) -> Sequence[AdminPage]:
    """The pages that ``@page`` declares."""
    return [
        types.AdminPage(
            id=one.path.strip("/").replace("/", "-") or "index",
            title=one.title,
            path=one.path,
            icon=one.icon,
            category=one.category,
            type="fragment" if one.fragment else "page",
        )
        for one in Declared.of(type(plugin)).pages
        if one.title and not one.hidden
    ]


def _register_routes(plugin: object, base_path: str) -> None:
    """Accept the base path, which each request has, too."""


def _handle_http(plugin: object, parts: Iterator[RequestPart], wanted: Callable[[], bool]) -> Iterator[ResponsePart]:
    """Answer one request with the method that declares its path."""
    from viewra.sdk.http.answering import answer  # light start-up: for the first request

    return answer(plugin, Declared.of(type(plugin)), parts, wanted)
