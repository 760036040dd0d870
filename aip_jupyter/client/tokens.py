"""Access tokens over HTTP."""

from __future__ import annotations

from ..domain.access import CreateToken, GetToken, ListTokens, NewToken, SecretText, TokenInfo
from .transport import Transport


class HttpTokens:
    """`Tokens` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def list_tokens(self, request: ListTokens) -> list[TokenInfo]:
        tokens: list[TokenInfo] = self._call("tokens.list_tokens", request)
        return tokens

    def create_token(self, request: CreateToken) -> NewToken:
        token: NewToken = self._call("tokens.create_token", request)
        return token

    def pick_up_token(self, request: GetToken) -> SecretText:
        secret: SecretText = self._call("tokens.pick_up_token", request)
        return secret

    def revoke_token(self, request: GetToken) -> None:
        self._call("tokens.revoke_token", request)
