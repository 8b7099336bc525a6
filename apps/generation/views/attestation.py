"""What was signed about a merged request, as a file that other tools verify."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest
from apps.generation.selectors import run_get
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.http import current_user
from apps.governance.selectors.attestation import attestation_of

ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"


@login_required
@require_GET
def request_attestation(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    run_get(user=current_user(request), request_id=request_id)
    attestation = attestation_of(SUBJECT_KIND, request_id)
    if attestation is None:
        raise NotFound("Nothing was signed about this request.", remedy="It is signed for when it is merged.")
    response = HttpResponse(attestation.envelope, content_type=ENVELOPE_TYPE)
    name = f"attestation-{request_id.hex[:12]}.dsse.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
