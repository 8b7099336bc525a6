"""The architecture page and its verbs: honest when empty, true when not, closed to who has no role."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.clock import now
from apps.evolution.engine.picture import dot, picture
from apps.evolution.gateways import graphviz
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot, SnapshotSource
from apps.evolution.services import plan_suggest, snapshot_take
from apps.governance.models import AuditEvent, User
from apps.governance.types import Role
from apps.jobs.runner import job_execute
from apps.repositories.models import Repository, Revision
from tests.asked import jobs_asked
from tests.evolution.conftest import ACYCLIC
from tests.project import newest

pytestmark = pytest.mark.django_db
PAGE = "/architecture?repository=shop"


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/evolution/{path}", body, content_type="application/json")


@pytest.fixture
def snapshot(repository: Repository, engineer: User) -> ArchitectureSnapshot:
    return snapshot_take(revision=newest(repository), actor=engineer)


def analysed(client: Client) -> str:
    """Press the button, let a worker do the job, and return the page."""
    client.post("/architecture/analyse", {"repository": "shop"})
    job_execute(jobs_asked().latest("created_at").pk)
    return client.get(PAGE).content.decode()


def test_without_a_readable_repository_the_page_says_so(client_of, stranger, repository):
    page = client_of(stranger).get("/architecture").content.decode()
    assert "No repository to analyse" in page
    assert "shop" not in page


def test_before_the_first_analysis_the_page_says_so_and_offers_it(client_of, engineer, auditor, repository):
    page = client_of(engineer).get("/architecture").content.decode()
    assert "0 commits analysed" in page
    assert "Analyse main" in page
    assert page.split("<dialog")[0].count("button--primary") == 1
    assert "<svg class=" not in page.partition("<main")[2].replace('<svg class="icon', "")
    assert "Analyse main" not in client_of(auditor).get("/architecture").content.decode()


def test_the_button_begins_one_job_which_the_page_follows(client_of, engineer, auditor, repository):
    client = client_of(engineer)
    for _ in range(2):
        assert client.post("/architecture/analyse", {"repository": "shop"}).headers["Location"] == PAGE
    job = jobs_asked().get()
    page = client.get(PAGE).content.decode()
    assert f'<div id="architecture" class="stack-loose" data-live-job="{job.pk}" hx-get="{PAGE}"' in page
    assert "data-live-indicator" in page
    assert f"/jobs/{job.pk}/cancel" in page
    assert "The analysis is under way." in page
    assert client.get(PAGE, headers={"HX-Request": "true"}).content.decode().lstrip().startswith('<div id="architect')
    reader = client_of(auditor).get(PAGE).content.decode()
    assert f'data-live-job="{job.pk}"' in reader
    assert f"/jobs/{job.pk}/cancel" not in reader


@pytest.mark.django_db(transaction=True)
def test_what_was_analysed_is_graph_figures_list_and_opportunity(client_of, engineer, repository):
    page = analysed(client_of(engineer))
    assert "data-live-job" not in page
    assert 'role="img" aria-label="5 modules and 4 imports between them in 2 layers; one import cycle, through' in page
    assert page.count("stroke-dasharray") == 3
    assert "<?xml" not in page
    assert "<!DOCTYPE svg" not in page
    assert "shop.rates</span> imports <span" in page
    assert '<td class="mono">shop.cli</td>' in page
    assert "Suggest a plan" in page


@pytest.mark.django_db(transaction=True)
def test_an_acyclic_graph_has_nothing_to_suggest(client_of, engineer, repository, commit):
    commit(ACYCLIC)
    page = analysed(client_of(engineer))
    assert "no import cycle" in page
    assert "Suggest a plan" not in page
    assert "stroke-dasharray" not in page


def test_a_plan_is_suggested_by_engineers_and_rehearsed_by_architects(client_of, engineer, architect, snapshot):
    client = client_of(engineer)
    assert client.post(f"/architecture/snapshots/{snapshot.pk}/plan").status_code == 302
    plan = ArchitectureEvolutionPlan.objects.get()
    page = client.get(PAGE).content.decode()
    assert "Not rehearsed yet. An architect" in page
    assert "Rehearse</span>" not in page
    assert client.post(f"/architecture/plans/{plan.pk}/dry-run").status_code == 403
    assert AuditEvent.objects.filter(outcome="denied", action="architecture.plan").count() == 1
    client = client_of(architect)
    assert "Rehearse</span>" in client.get(PAGE).content.decode()
    assert client.post(f"/architecture/plans/{plan.pk}/dry-run").headers["Location"] == f"{PAGE}#plans"
    page = client.get(PAGE).content.decode()
    assert 'still there: <span class="mono">shop/rates.py</span>, line 1' in page
    assert "1 cycle now, 0 without these imports" in page


def test_newer_commits_and_a_repository_that_is_gone_are_said(client_of, engineer, snapshot, repository, commit):
    client = client_of(engineer)
    assert "commits that were not analysed" not in client.get(PAGE).content.decode()
    commit(ACYCLIC)
    assert "commits that were not analysed" in client.get(PAGE).content.decode()
    Repository.objects.update(path="/nowhere/at/all")
    answer = client.get(PAGE)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "What to do" in page
    assert "shop.cli" in page
    assert client.post("/architecture/analyse", {"repository": "shop"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_code_that_does_not_parse_is_said_with_what_to_do_until_it_does(client_of, engineer, repository, commit):
    commit({"shop/rates.py": "def (\n"})
    client = client_of(engineer)
    page = analysed(client)
    assert "shop/rates.py does not parse" in page
    assert "What to do" in page
    assert "Analyse main" in page
    commit(ACYCLIC)
    assert "does not parse" not in analysed(client)


def test_who_has_no_role_learns_nothing(client_of, stranger, snapshot, engineer):
    plan = plan_suggest(snapshot=snapshot, actor=engineer)
    client = client_of(stranger)
    assert client.get(PAGE).status_code == 404
    assert client.post("/architecture/analyse", {"repository": "shop"}).status_code == 404
    assert client.post(f"/architecture/snapshots/{snapshot.pk}/plan").status_code == 404
    assert client.post(f"/architecture/plans/{plan.pk}/dry-run").status_code == 404
    assert post(client, "analyze", {"repository": "shop"}).status_code == 404
    assert post(client, "suggest", {"snapshot": f"snap_{snapshot.pk}"}).status_code == 404
    assert post(client, "migrate", {"plan": f"plan_{plan.pk}", "dry_run": True}).status_code == 404


def test_who_is_not_signed_in_is_asked_to(repository, snapshot):
    assert Client().get("/architecture").status_code == 302
    assert Client().post("/architecture/analyse", {"repository": "shop"}).status_code == 302
    assert post(Client(), "analyze", {"repository": "shop"}).status_code == 401
    assert ArchitectureSnapshot.objects.count() == 1


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMMITTEE, Role.CHAIR, Role.ADMIN])
def test_who_may_only_read_is_refused_and_recorded(client_of, person, snapshot, role):
    client = client_of(person("reader", role))
    assert client.get(PAGE).status_code == 200
    assert client.post("/architecture/analyse", {"repository": "shop"}).status_code == 403
    assert client.post(f"/architecture/snapshots/{snapshot.pk}/plan").status_code == 403
    assert post(client, "analyze", {"repository": "shop"}).status_code == 403
    assert AuditEvent.objects.filter(outcome="denied", action="architecture.analyse").count() == 3
    assert ArchitectureEvolutionPlan.objects.count() == 0


def test_a_snapshot_of_another_repository_is_not_found(client_of, engineer, snapshot):
    client = client_of(engineer)
    assert client.get(f"{PAGE}&snapshot={snapshot.pk}").status_code == 200
    assert client.get(f"{PAGE}&snapshot={uuid4()}").status_code == 404
    assert client.get(f"{PAGE}&snapshot=nonsense").status_code == 404


def test_the_verb_analyse_answers_with_a_job(client_of, engineer, repository):
    client = client_of(engineer)
    answers = [post(client, "analyze", {"repository": "shop"}) for _ in range(2)]
    job = jobs_asked().get()
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["kind"] == job.kind == "evolution.analyse"
    assert answers[0].headers["Location"] == f"/api/v1/jobs/job_{job.pk}"
    assert client.get(answers[0].headers["Location"]).json()["state"] == "queued"
    assert client.get(answers[0].json()["url"]).status_code == 200
    assert post(client, "analyze", {"repository": "shop", "sha": "main"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_verbs_analyse_suggest_and_rehearse(client_of, architect, repository, commit):
    client = client_of(architect)

    def analysed_by_verb() -> str:
        address = post(client, "analyze", {"repository": "shop"}).headers["Location"]
        job_execute(jobs_asked().latest("created_at").pk)
        return client.get(address).json()["progress"]["snapshot"]

    snapshot = analysed_by_verb()
    assert client.get(f"/api/v1/snapshots/{snapshot}").json()["complexity_metrics"]["cycles"] == 1
    plan = post(client, "suggest", {"snapshot": snapshot})
    assert plan.status_code == 201
    assert plan.json()["migration_steps"][0]["imported"] == "shop.basket"
    refused = post(client, "migrate", {"plan": plan.json()["id"], "dry_run": False})
    assert refused.status_code == 422
    assert refused.json()["code"] == "evolution.migration_refused"
    rehearsed = post(client, "migrate", {"plan": plan.json()["id"], "dry_run": True})
    assert rehearsed.status_code == 200
    assert rehearsed.json()["status"] == "ready"
    commit(ACYCLIC)
    assert post(client, "migrate", {"plan": plan.json()["id"], "dry_run": True}).json()["status"] == "done"
    nothing = post(client, "suggest", {"snapshot": analysed_by_verb()})
    assert nothing.status_code == 422
    assert nothing.json()["code"] == "evolution.nothing_to_suggest"


def test_names_of_a_repository_are_words_in_the_picture_and_never_marks(repository):
    hostile = ["<script>alert(1)</script>", '"];x[', "&lt;b&gt;", "\\N\\l", "--> <title>"]
    edges = [SimpleNamespace(importer=name, imported=hostile[0], lines=(1,)) for name in hostile[1:]]
    analysis = SimpleNamespace(
        modules=[SimpleNamespace(name=name, cycle=None) for name in hostile],
        graph=SimpleNamespace(imports=edges),
        is_in_cycle=lambda importer, imported: False,
    )
    svg = str(graphviz.render(dot(picture(analysis)), summary='a "b" <c>'))
    assert svg.startswith('<svg class="import-graph" role="img" aria-label="a &quot;b&quot; &lt;c&gt;" width=')
    assert set(re.findall(r"<(/?\w+)", svg)) <= {"svg", "g", "polygon", "text", "path", "/svg", "/g", "/text"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in svg
    assert "&amp;lt;b&amp;gt;" in svg
    assert "\\N\\l" in svg


def test_a_drawing_that_fails_leaves_the_list(client_of, engineer, snapshot, monkeypatch):
    def fail(_: str) -> str:
        raise graphviz.DrawingFailed("The graph could not be drawn.", remedy="See the list.")

    graphviz.cache.clear()
    monkeypatch.setattr(graphviz, "_drawn", fail)
    page = client_of(engineer).get(PAGE).content.decode()
    assert "The graph could not be drawn." in page
    assert "shop.cli" in page


def test_a_page_asks_the_database_as_often_for_one_row_as_for_twenty(client_of, engineer, snapshot, repository):
    client = client_of(engineer)
    plan_suggest(snapshot=snapshot, actor=engineer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PAGE).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(20):
        revision = Revision.objects.create(
            repository=repository, sha=f"{number:040x}", subject="Change", committed_at=now() - timedelta(days=number)
        )
        row = ArchitectureSnapshot.objects.create(
            snapshot_date=now().date(),
            architecture_graph=snapshot.architecture_graph,
            complexity_metrics=snapshot.complexity_metrics,
            pattern_analysis=snapshot.pattern_analysis,
            improvement_opportunities=snapshot.improvement_opportunities,
        )
        SnapshotSource.objects.create(snapshot=row, revision=revision)
        plan_suggest(snapshot=row, actor=engineer)
    assert queries() == few
    assert few <= 20
    page = client.get(PAGE).content.decode()
    assert page.count("1–10 of 21") == 2
    assert "?repository=shop&amp;plans=2#plans" in page


def test_every_plan_and_every_analysis_can_be_reached(client_of, engineer, snapshot, repository):
    client = client_of(engineer)
    plan_suggest(snapshot=snapshot, actor=engineer)
    for number in range(10):
        revision = Revision.objects.create(repository=repository, sha=f"{number:040x}", committed_at=now())
        row = ArchitectureSnapshot.objects.create(
            snapshot_date=now().date(),
            architecture_graph=snapshot.architecture_graph,
            complexity_metrics=snapshot.complexity_metrics,
            pattern_analysis=snapshot.pattern_analysis,
            improvement_opportunities=snapshot.improvement_opportunities,
            created_at=snapshot.created_at + timedelta(minutes=1),
        )
        SnapshotSource.objects.create(snapshot=row, revision=revision)
        plan_suggest(snapshot=row, actor=engineer)
    oldest = f"snapshot={snapshot.pk}"
    first = client.get(PAGE).content.decode()
    assert oldest not in first
    second = client.get(f"{PAGE}&plans=2&analyses=2").content.decode()
    assert oldest in second
    assert second.count("11–11 of 11") == 2
    assert f"{PAGE}&plans=2&analyses=1#analyses".partition("?")[2].replace("&", "&amp;") in second


def test_the_admin_site_shows_every_model_and_changes_none(client_of, snapshot, engineer):
    plan_suggest(snapshot=snapshot, actor=engineer)
    client = client_of(User.objects.create_superuser("root", password="correct horse battery staple"))
    for model in apps.get_app_config("evolution").get_models():
        name = model._meta.model_name
        assert client.get(f"/admin/evolution/{name}/?q=a").status_code == 200
        assert client.get(f"/admin/evolution/{name}/add/").status_code == 403
        assert client.get(f"/admin/evolution/{name}/{model.objects.get().pk}/change/").status_code == 200
