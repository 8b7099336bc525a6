"""The addresses of signing in. Their names are those by which Django and allauth look for them."""

from django.urls import path

from apps.governance.views import sign_in

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="login"),
    path("sign-in", sign_in.sign_in, name="account_login"),
    path("sign-in/code", sign_in.sign_in_code, name="mfa_authenticate"),
    path("sign-in/anew", sign_in.sign_in_anew, name="sign-in-anew"),
    path("sign-in/stay", sign_in.sign_in_stay, name="sign-in-stay"),
    path("sign-in/closed", sign_in.account_closed, name="account_inactive"),
    path("sign-in/cancelled", sign_in.sign_on_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/github/back", sign_in.sign_on_back, {"provider_id": "github"}, name="github_callback"),
    path("sign-in/<slug:provider_id>/back", sign_in.sign_on_back, name="openid_connect_callback"),
    path("sign-in/<slug:provider_id>", sign_in.sign_on_start, name="sign-on"),
    path("sign-out", sign_in.sign_out, name="logout"),
]
