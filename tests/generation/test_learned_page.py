"""The page that shows what models are worth and which verdict changed what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.console.metrics import readings
from apps.generation.charts import COLOURS, expertise_chart
from apps.generation.engine.calibration import ENOUGH, PUBLIC
from apps.generation.models import Candidate, CodeGenerationRequest, ExpertiseChange, GenerationRun, Judgement
from apps.governance.measures import Window
from apps.governance.models import Organisation, RoleAssignment, Scope, User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.shop import approve

pytestmark = pytest.mark.django_db

PAGE = "/requests/learned"
Decided = Callable[..., ExpertiseChange]


@pytest.fixture
def place(scope: Scope) -> Repository:
    return Repository.objects.create(scope=scope, name="shop", path="/srv/shop")


@pytest.fixture
def decided(place: Repository, engineer: User, reviewer: User, owner: User) -> Decided:
    """``decided("Slugs")``: a request that was approved, with what it taught about one model."""

    def make(
        title: str, *, model: str = "m1", family: str = "text", where: Repository | None = None
    ) -> ExpertiseChange:
        request = CodeGenerationRequest.objects.create(
            specification="s", context_snapshot={}, target_language="python", status="in_review"
        )
        run = GenerationRun.objects.create(
            request=request,
            repository=where or place,
            requester=engineer,
            title=title,
            target_path="a.py",
            base_sha="0" * 40,
            risk_tier="low",
            seed=1,
        )
        approve(request, reviewer, owner)
        candidate = Candidate.objects.create(request=request, model_id=model, sample_index=0, ordinal=0)
        Judgement.objects.create(
            run=run, candidate=candidate, model_id=model, family=family, right=1.0, cause="approved"
        )
        return ExpertiseChange.objects.create(
            run=run,
            verdict="approved",
            model_id=model,
            family=family,
            answers=1,
            before_mean=0.5,
            before_low=0.1,
            before_high=0.9,
            mean=0.6,
            low=0.2,
            high=0.92,
            changed_at=timezone.now() - timedelta(days=1),
        )

    return make


@pytest.fixture
def read(engineer: User, client: Client) -> Callable[..., str]:
    client.force_login(engineer)
    return lambda query="": client.get(PAGE + query).content.decode()


def test_before_any_decision_the_page_says_so_and_what_probabilities_rest_on(
    place: Repository, read: Callable[..., str]
) -> None:
    page = read()
    assert "Nothing has been learned yet" in page
    assert f'<span class="num">{PUBLIC.problems}</span> public problems' in page
    assert f'<span class="num">{ENOUGH}</span> requests' in page
    assert "data-plotly" not in page


def test_it_shows_what_is_known_now_and_what_each_verdict_changed(decided: Decided, read: Callable[..., str]) -> None:
    Provider.objects.create(name="one", kind="builtin", model_id="m1", prior="0.60")
    change = decided("Slugs of titles")
    page = read()
    assert '<td class="wrap-anywhere">m1</td><td>text</td><td class="num">68 %</td>' in page
    assert '<td class="num">60 %</td></tr>' in page
    assert reverse("generation:request-detail", args=[change.run_id]) in page
    assert "Slugs of titles" in page
    assert '<td class="num">50 %</td><td class="num">60 %</td><td class="num">20 % to 92 %</td>' in page
    assert "m1 moved most, in text: from 50 % to 60 % (95 % interval 20 % to 92 %)." in page
    assert "data-plotly" in page


def test_what_was_learned_is_counted_by_requests_and_not_by_their_candidates(
    decided: Decided, place: Repository
) -> None:
    change = decided("Slugs of titles")
    other = Candidate.objects.create(request_id=change.run_id, model_id="m2", sample_index=0, ordinal=1)
    Judgement.objects.create(run=change.run, candidate=other, model_id="m2", family="text", right=0.0, cause="other")
    decided("Sums of prices")
    soon = timezone.now() + timedelta(minutes=1)
    found = readings.lessons([place.scope_id], Window(soon - timedelta(days=28), soon))
    assert (found.value, found.n) == (2, 2)


def test_it_can_be_read_for_one_model_and_one_family(decided: Decided, read: Callable[..., str]) -> None:
    decided("Slugs of titles")
    decided("Sums of prices", model="m2", family="numbers")
    page = read("?model=m2&family=numbers")
    assert "Sums of prices" in page
    assert "Slugs of titles" not in page
    assert "No request that you can read changed this." in read("?model=m1&family=numbers")


def test_requests_of_other_places_are_not_named(
    decided: Decided, read: Callable[..., str], reviewer: User, owner: User
) -> None:
    scope = Scope.objects.create(organisation=Organisation.objects.create(name="Other"), repository="far")
    for voter in (reviewer, owner):
        RoleAssignment.objects.create(user=voter, scope=scope, role="reviewer")
    decided("A secret", where=Repository.objects.create(scope=scope, name="far", path="/srv/far"))
    page = read()
    assert "A secret" not in page
    assert "No request that you can read changed anything yet." in page


def test_a_person_without_a_role_is_refused(person: Callable[..., User], client: Client) -> None:
    client.force_login(person("nemo"))
    assert client.get(PAGE).status_code == 403
    assert client.get(f"{PAGE}/changes.csv").status_code == 403


def test_the_changes_are_a_table_to_keep(decided: Decided, read: Callable[..., str], client: Client) -> None:
    decided("=1+1")
    read()
    answer = client.get(f"{PAGE}/changes.csv")
    assert answer["Content-Type"].startswith("text/csv")
    head, row = answer.content.decode().splitlines()
    assert head.startswith("decided,request,title,verdict,model,family,answers,before_mean")
    assert ",'=1+1,approved,m1,text,1,0.5000,0.1000,0.9000,0.6000,0.2000,0.9200" in row
    assert len(client.get(f"{PAGE}/changes.csv?model=m2").content.decode().splitlines()) == 1


def test_many_changes_cost_no_more_queries(decided: Decided, read: Callable[..., str]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            read()
        return len(captured)

    decided("First")
    few = queries()
    for number in range(60):
        decided(f"Request {number}", model=f"m{number % 9}")
    assert queries() == few
    assert "Request 0<" in read("?page=2")


def test_a_chart_draws_as_many_courses_as_can_be_told_apart_and_its_table_has_all(decided: Decided) -> None:
    changes = [decided(f"Request {number}", model=f"m{number}") for number in range(9)]
    chart = expertise_chart(changes)
    assert len(chart.figure["data"]) == len(COLOURS)
    assert len(chart.rows) == 9
    assert "3 more are in the table." in chart.summary
    assert chart.rows[0][1] == "m8"


def test_a_single_decision_is_drawn_on_a_day(decided: Decided) -> None:
    change = decided("Only")
    first, last = map(datetime.fromisoformat, expertise_chart([change]).figure["layout"]["xaxis"]["range"])
    assert last - first == timedelta(days=1)
    assert first < change.changed_at < last


def test_it_is_linked_from_the_requests_and_from_the_models(place: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    for page in ("/requests", "/models/local"):
        assert PAGE in client.get(page).content.decode()
