"""Operations on API tokens."""

from __future__ import annotations

from viewra.host.admin.operation import operation
from viewra.web.accounts.identity import Scope
from viewra.web.accounts.tokens import NewToken, Token, Tokens


@operation(changes=False)
def token_list(tokens: Tokens) -> list[Token]:
    """The API tokens, by name."""
    return tokens.all()


@operation(changes=True)
def token_create(tokens: Tokens, name: str, scope: Scope) -> NewToken:
    """Make an API token; the answer is the only one that has it."""
    return tokens.create(name, scope)


@operation(changes=True)
def token_revoke(tokens: Tokens, name: str) -> None:
    """Revoke an API token."""
    tokens.revoke(name)
