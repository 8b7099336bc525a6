"""The API operations of signing in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from apps.governance.addresses import client_address
from apps.governance.http import PROBLEMS, ProblemSchema
from apps.governance.services import TOKEN_SCOPES, token_sign_in

router = Router(tags=["Signing in"])


class SignIn(Schema):
    """A user name, a password, and the token wished for."""

    username: str = Field(max_length=150, examples=["engineer"])
    password: str = Field(max_length=1000, examples=["correct horse battery staple"])
    code: str = Field(
        "", max_length=20, description="Of the authenticator app, or a recovery code, where the account has an app."
    )
    name: str = Field("nofx login", max_length=80, description="What to call the token.")
    scopes: list[str] = Field(
        default_factory=lambda: sorted(TOKEN_SCOPES), description="What the token may do; everything when left out."
    )
    expires_in_days: int = Field(90, ge=1, le=365)


class IssuedToken(Schema):
    """A token. Its secret is in this answer only."""

    token: str = Field(examples=["nofx_pat_Zk3v…"])
    name: str
    scopes: list[str]
    expires_at: datetime


@router.post(
    "/token",
    auth=None,
    response={201: IssuedToken, 401: ProblemSchema, 403: ProblemSchema, 429: ProblemSchema, 422: PROBLEMS[422]},
    operation_id="sign_in",
    summary="Get a token for a user name and a password",
)
def token_create(request: HttpRequest, payload: SignIn) -> Status[IssuedToken]:
    """
    Sign in without a browser.

    After five failures from one address in 15 minutes an account refuses that address for the rest of them, the right
    password included. Where the account has an authenticator app, its code comes with the password.
    """
    token, secret = token_sign_in(
        username=payload.username,
        password=payload.password,
        code=payload.code,
        address=client_address(request),
        name=payload.name,
        scopes=payload.scopes,
        lifetime=timedelta(days=payload.expires_in_days),
    )
    return Status(201, IssuedToken(token=secret, name=token.name, scopes=token.scopes, expires_at=token.expires_at))
