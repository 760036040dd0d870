"""Access tokens: the routes."""

from __future__ import annotations

from ..domain import access
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path=f"{PROJECT}/tokens",
        operation="tokens.list_tokens",
        right="delegate",
        request=access.ListTokens,
        reply=list[access.TokenInfo],
        summary="List access tokens: one's own; for who administers the project, all",
        pool="access",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/tokens",
        operation="tokens.create_token",
        right="delegate",
        request=access.CreateToken,
        reply=access.NewToken,
        summary="Make an access token; its secret is told this once",
        pool="access",
        status=201,
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/tokens/{{token}}/pickup",
        operation="tokens.pick_up_token",
        right="delegate",
        request=access.GetToken,
        reply=access.SecretText,
        summary="A new token's text, once, for the page that shows it",
        pool="access",
    ),
    Route(
        method="DELETE",
        path=f"{PROJECT}/tokens/{{token}}",
        operation="tokens.revoke_token",
        right="delegate",
        request=access.GetToken,
        reply=None,
        summary="Revoke an access token, at once",
        pool="access",
        status=204,
    ),
)
