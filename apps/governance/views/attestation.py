"""The public keys that the platform signs with, and the verifier, to take away."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core.digests import sha256_hex
from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest
from apps.governance.models import AttestationKey
from apps.governance.selectors.attestation import keys_all, public_key
from apps.governance.services.packs import verifier_source


@login_required
@require_GET
def key_list(request: HtmxRequest) -> HttpResponse:
    context = {
        "keys": keys_all(),
        "verifier_digest": sha256_hex(verifier_source()),
        "trail": [("Governance", reverse("governance:index"))],
    }
    return render(request, "governance/key_list.html", context)


@login_required
@require_GET
def key_file(_request: HtmxRequest, fingerprint: str) -> HttpResponse:
    key = AttestationKey.objects.filter(fingerprint=fingerprint).first()
    if key is None:
        raise NotFound("The platform never signed with this key.", remedy="Its keys are under Governance, Keys.")
    return _file(public_key(key).pem().encode(), f"nofx-{fingerprint[:12]}.pem", "application/x-pem-file")


@login_required
@require_GET
def verifier(_request: HtmxRequest) -> HttpResponse:
    return _file(verifier_source(), "verify.py", "text/x-python")


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
