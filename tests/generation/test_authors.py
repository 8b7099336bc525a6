"""Of whose work a gate's evidence consists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.generation.authors import request_authors
from apps.generation.models import CodeGenerationRequest, Contribution, GenerationRun
from apps.governance.measures import Window
from apps.governance.models import User
from apps.governance.services import scope_create
from apps.repositories.models import Repository

NOVEMBER = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.django_db
def test_each_part_in_a_request_decided_in_the_window_counts_once():
    scope = scope_create(organisation="Acme", repository="shop", created_by=None)
    repository = Repository.objects.create(scope=scope, name="shop", path="/srv/shop")
    ada, bea = (User.objects.create(username=name) for name in ("ada", "bea"))

    def decided(status, at, **parts):
        request = CodeGenerationRequest.objects.create(
            specification="s", context_snapshot={}, target_language="python", status=status
        )
        run = GenerationRun.objects.create(
            request=request,
            repository=repository,
            requester=ada,
            title="T",
            target_path="a.py",
            base_sha="0" * 40,
            risk_tier="low",
            seed=1,
        )
        GenerationRun.objects.filter(pk=run.pk).update(state_changed_at=at)
        for kind, user in parts.items():
            Contribution.objects.create(run=run, user=user, kind=kind)

    decided("rejected", datetime(2026, 11, 10, tzinfo=UTC), requester=ada, guidance=ada, candidate_edit=bea)
    decided("rejected", datetime(2026, 10, 31, tzinfo=UTC), requester=bea)
    decided("in_review", datetime(2026, 11, 10, tzinfo=UTC), requester=bea)
    assert request_authors([scope.pk], NOVEMBER) == {ada.pk: 1, bea.pk: 1}
    assert request_authors([scope.pk + 1], NOVEMBER) == {}
