"""Answers the calls about the server and its users."""

from __future__ import annotations

from .calls import Answer, Call, answers
from .failures import NOT_AUTHORIZED, Failure

EXTENSIONS = {"formPost": [1], "apiKeyAuthentication": [1], "songLyrics": [1]}
"""The extensions of OpenSubsonic with their versions."""
_ROLES = {
    "scrobblingEnabled": True,
    "streamRole": True,
    "downloadRole": True,
    "playlistRole": True,
    "coverArtRole": False,
    "commentRole": False,
    "adminRole": False,
    "settingsRole": False,
    "uploadRole": False,
    "podcastRole": False,
    "shareRole": False,
    "jukeboxRole": False,
    "videoConversionRole": False,
}


def extensions() -> Answer:
    """The extensions; players ask for them before they sign in."""
    return {"openSubsonicExtensions": [{"name": name, "versions": versions} for name, versions in EXTENSIONS.items()]}


@answers("ping")
def ping(_call: Call) -> Answer:
    """Nothing: it works."""
    return {}


@answers("getLicense")
def license_(_call: Call) -> Answer:
    """Free software needs none."""
    return {"license": {"valid": True}}


@answers("tokenInfo")
def token_info(call: Call) -> Answer:
    """Whose API key it is."""
    return {"tokenInfo": {"username": call.user}}


@answers("getUser")
def user(call: Call) -> Answer:
    """The user who asks."""
    if call.given.text("username", call.user).lower() != call.user:
        raise Failure(NOT_AUTHORIZED, "only a user's own account is shown")
    folders = [one.id for one in call.catalog.libraries()]
    return {"user": {"username": call.user, **_ROLES, "folder": folders}}


@answers("getScanStatus")
def scan_status(call: Call) -> Answer:
    """How many songs there are; viewra scans by itself."""
    return {"scanStatus": {"scanning": False, "count": call.catalog.library.stats().kinds.get("audio", 0)}}


@answers("startScan")
def start_scan(_call: Call) -> Answer:
    """Refuse: no plugin may start scans."""
    raise Failure(NOT_AUTHORIZED, "scans are started in viewra, which also notices changes by itself")
