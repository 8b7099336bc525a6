"""What allauth asks this platform: how passwords are looked at, whom a single sign-on is, how secrets are kept."""

from __future__ import annotations

import base64
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.core.digests import sha256_hex
from apps.governance.addresses import client_address
from apps.governance.errors import LockedOut, SignInRefused, SignOnRefused
from apps.governance.gateways.github_sign_in import github_url
from apps.governance.models import User
from apps.governance.services.audit import audit_record
from apps.governance.services.second_factor import has_second_factor
from apps.governance.services.sign_in import WRONG, password_check, sign_on_refused_record, signed_in_record
from apps.governance.sessions import authenticated_mark, signed_on_mark

NOT_THIS_ACCOUNT = "The single sign-on knows you as somebody else than this account."

OF_ANOTHER_ACCOUNT = "This single sign-on belongs to another account here."


def person_key_of(login: SocialLogin) -> str:
    """Return what names the person for ever: the issuer, and the subject that it vouches for."""
    told = login.account.extra_data
    issuer = told.get("iss") or github_url()
    key = f"{issuer}|{login.account.uid}"
    longest = User._meta.get_field("person_key").max_length or 0
    return key if len(key) <= longest else f"sha256|{sha256_hex(key)}"


class AccountAdapter(DefaultAccountAdapter):
    """Passwords are looked at by our service, which counts failures and writes them down."""

    error_messages = {**DefaultAccountAdapter.error_messages, "username_password_mismatch": WRONG}

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return whose password it is; the form says what is wrong otherwise."""
        try:
            return password_check(
                username=credentials["username"],
                password=credentials["password"],
                address=client_address(request),
                channel="page",
            )
        except LockedOut as error:
            raise ValidationError(str(error)) from error
        except SignInRefused:
            return None

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        """Write down that *user* is in."""
        login = (hooks.get("signal_kwargs") or {}).get("sociallogin")
        if login and not has_second_factor(user):
            signed_on_mark(request, since=login.account.extra_data.get("auth_time"))
        signed_in_record(
            user=user,
            address=client_address(request),
            session_key=request.session.session_key or "",
            method=login.account.provider if login else "password",
        )
        return super().post_login(request, user, **hooks)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where the session is used from."""
        return client_address(request) or "0.0.0.0"  # noqa: S104  stands for none: a socket file has no address

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what happened themselves."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """No mail is part of signing in."""


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """Who comes by single sign-on: the person of that issuer and subject, and nobody else's account."""

    def list_apps(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Return what the environment names; rows of a database, which could hold a secret, are not asked."""
        return [app for app in super().list_apps(*args, **kwargs) if app.pk is None]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whom a configured single sign-on vouches for gets an account, which has no role."""
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody fills in a form for it."""
        return True

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """An address connects nobody with an account: only issuer and subject do."""
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Fill in name and person; an address only where the issuer says that it belongs to them."""
        user = cast("User", super().populate_user(request, sociallogin, data))
        verified = {address.email for address in sociallogin.email_addresses if address.verified}
        if user.email not in verified:
            user.email = ""
        sociallogin.email_addresses = []
        user.person_key = person_key_of(sociallogin)
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """
        Refuse what would let one person into another's account; take up a confirmation or a connection.

        :raises ImmediateHttpResponse: the sign-on ends here, with what it came for or a refusal.
        """
        key, process = person_key_of(sociallogin), sociallogin.state.get("process")
        if sociallogin.is_existing and cast("User", sociallogin.user).person_key != key:
            # The same subject of another issuer, or an account that was given to somebody else.
            raise SignOnRefused(NOT_THIS_ACCOUNT, remedy="Ask an administrator.")
        if process == AuthProcess.LOGIN and not sociallogin.is_existing:
            _refuse_second_account(sociallogin)
        if process == AuthProcess.REDIRECT:
            self._confirm(request, sociallogin)
        if process == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(self._connect(request, sociallogin, key))

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Make the account, and write down that it came by itself."""
        with transaction.atomic():
            user = cast("User", super().save_user(request, sociallogin, form))
            audit_record(
                action="person.add",
                object_kind="user",
                object_id=user.pk,
                actor=None,
                detail={"sign_on": sociallogin.account.provider},
            )
        return user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Write down that the sign-on brought nobody in."""
        reason = type(exception).__name__ if exception is not None else str(error)
        sign_on_refused_record(provider=provider.sub_id, address=client_address(request), reason=reason)

    def _confirm(self, request: HttpRequest, login: SocialLogin) -> None:
        if not request.user.is_authenticated or login.user != request.user:
            raise SignOnRefused(NOT_THIS_ACCOUNT, remedy="Sign in there as the person that you are here.")
        authenticated_mark(request, since=login.account.extra_data.get("auth_time"), method=login.account.provider)

    def _connect(self, request: HttpRequest, login: SocialLogin, key: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return HttpResponseRedirect(reverse("login"))
        user = cast("User", request.user)
        if login.is_existing and login.user != user:
            raise SignOnRefused(OF_ANOTHER_ACCOUNT, remedy="Ask an administrator.")
        with transaction.atomic():
            account = User.objects.select_for_update().get(pk=user.pk)
            if account.person_key not in {"", key}:
                raise SignOnRefused(NOT_THIS_ACCOUNT, remedy="Ask an administrator.")
            if User.objects.filter(person_key=key).exclude(pk=account.pk).exists():
                raise SignOnRefused(OF_ANOTHER_ACCOUNT, remedy="Ask an administrator and the chair to link the two.")
            account.person_key = key
            account.save(update_fields=["person_key"])
            login.account.user = account
            login.account.save()
            audit_record(
                action="person.connect",
                object_kind="user",
                object_id=user.pk,
                actor=user,
                detail={"sign_on": login.account.provider},
            )
        return HttpResponseRedirect(reverse("governance:profile"))


def _refuse_second_account(login: SocialLogin) -> None:
    """Whoever has an account with this address already connects it, in place of getting another without a role."""
    address = cast("User", login.user).email
    if address and User.objects.filter(email__iexact=address, is_service=False).exists():
        raise SignOnRefused(
            "There is an account with your address here, and an address alone connects nobody with it.",
            remedy=f"Sign in to it as before and connect {login.account.get_provider().name} in your profile; "
            "or ask an administrator.",
        )


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps lie encrypted in the database, by a key made of the signing key."""

    def encrypt(self, text: str) -> str:
        """Return *text* as only a process with the signing key reads it."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was encrypted."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """Return what the app shows above the code."""
        return "NOFX"

    def get_totp_label(self, user: Any) -> str:
        """Return what the app shows below it."""
        return str(user.get_username())


def _fernet() -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nofx second factor").derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
