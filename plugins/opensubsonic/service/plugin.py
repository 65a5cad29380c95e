"""Defines the class that the host calls: it signs players in and has the handler of their call answer."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.errors import ViewraError
from viewra.sdk import Plugin, PluginContext
from viewra.sdk.http import Request, Response, route
from viewra.sdk_db import AlembicDatabaseService, open_engine

from . import annotating, browsing, describing, listing, media, playlist_calls, system
from .accounts import Accounts
from .calls import HANDLERS, Answer, Call
from .catalog import Catalog
from .failures import GENERIC, Failure, NotSupported
from .marks import Marks
from .now_playing import NowPlaying
from .parameters import Parameters
from .playlists import Playlists
from .rendering import Form
from .tables import metadata

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
PARTS = (annotating, browsing, describing, listing, media, playlist_calls, system)
"""The modules whose handlers are in ``HANDLERS``."""
_NO_USERS = "no player can sign in: set a password (viewra plugins settings opensubsonic users.NAME)"


class OpenSubsonic(Plugin):
    """Answers players at ``/rest``."""

    _engine: sa.Engine
    _accounts: Accounts
    _catalog: Catalog

    def database_service(self) -> AlembicDatabaseService:
        """The tables, and the migrations that make them."""
        return AlembicDatabaseService(metadata, MIGRATIONS)

    def initialize(self, context: PluginContext) -> None:
        """Open the database, which is at its newest revision by now."""
        self._engine = open_engine(context.database_url)
        self._marks, self._playlists = Marks(self._engine), Playlists(self._engine)
        self._catalog, self._playing = Catalog(self.host.library), NowPlaying()
        self.on_settings_changed()

    def on_settings_changed(self) -> None:
        """Use other passwords from now on."""
        self._accounts = Accounts(self.settings.users, self.settings.api_keys)

    def start(self) -> None:
        """Tell the operator if nobody can sign in."""
        if self.settings.users:
            self.host.notify.withdraw("users")
        else:
            self.host.notify(_NO_USERS, level="warning", key="users")

    def stop(self) -> None:
        """Close the database."""
        self._engine.dispose()

    @route("GET", "/rest/{name}", "Calls of the OpenSubsonic API")
    @route("POST", "/rest/{name}", "Calls of the OpenSubsonic API, with their parameters in a form")
    def rest(self, request: Request) -> Response:
        """Answer one call."""
        given, form = Parameters.of(request), Form()
        try:
            form = Form.of(given)
            content = self._content(request.path_params["name"].removesuffix(".view"), given, request.client)
            return content if isinstance(content, Response) else form.answer(content)
        except Failure as failure:
            response = form.failure(failure)
            if isinstance(failure, NotSupported):
                response.status = 404
            return response

    def _content(self, name: str, given: Parameters, address: str) -> Answer:
        if name == "getOpenSubsonicExtensions":
            return system.extensions()
        user = self._accounts.user(given, address)
        handler = HANDLERS.get(name)
        if handler is None:
            raise NotSupported(f"{name[:50]} is not supported")
        call = Call(
            user,
            given,
            self._catalog,
            self._marks,
            self._playlists,
            self._playing,
            self.host,
            self.settings.ignored_articles,
        )
        try:
            return handler(call)
        except ViewraError as error:
            self.log.warning("a call failed", call=name, error=str(error))
            raise Failure(GENERIC, "viewra cannot answer this now") from error
