"""The operation on the admin's password."""

from __future__ import annotations

from viewra.errors import UsageError
from viewra.host.admin.operation import operation
from viewra.web.accounts.accounts import Accounts, WrongPassword

SENDER = "the API"
"""What counts wrong passwords of all tokens together, in place of an address."""


@operation(changes=True)
def password_change(accounts: Accounts, old: str, new: str) -> None:
    """Change the admin's password, which ends all sessions; tokens stay valid."""
    try:
        accounts.change_password(old, new, SENDER)
    except WrongPassword as error:  # who sends the request is known: 401 would be about the token
        raise UsageError("the old password is wrong", hint="nothing was changed") from error
