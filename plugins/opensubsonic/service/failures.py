"""The errors of the API, by the codes of its specification (opensubsonic.netlify.app, "Error")."""

from __future__ import annotations

GENERIC, MISSING_PARAMETER = 0, 10
WRONG_CREDENTIALS, CONFLICTING_MECHANISMS, WRONG_API_KEY = 40, 43, 44
NOT_AUTHORIZED, NOT_FOUND = 50, 70


class Failure(Exception):
    """What a player is told in place of an answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotSupported(Failure):
    """The API has no such call here; as the specification wants it, the status is 404, too."""

    def __init__(self, message: str) -> None:
        super().__init__(GENERIC, message)


def not_found(what: str) -> Failure:
    """The failure for something that the library does not have, or not any more."""
    return Failure(NOT_FOUND, f"there is no such {what}")
