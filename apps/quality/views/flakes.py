"""Tests of one repository: which are flaky, broken or slow, what a gate still needs, and who cares for which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.clock import now
from apps.core.errors import Conflict, NotFound
from apps.core.exports import Row
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.governance.downloads import table_download
from apps.governance.http import current_user, require
from apps.governance.measures import Window
from apps.governance.models import User
from apps.governance.selectors import accounts_of, can
from apps.governance.types import Action, Condition
from apps.quality.engine.flakes import SLOW_SECONDS, reruns_sentence
from apps.quality.flake_figures import (
    RUNS_SHOWN,
    flakes_of,
    people_of,
    quarantines_open,
    runs_of,
    tallies_of,
    tests_noticed,
    tests_of_origin,
)
from apps.quality.forms import QuarantineForm, RerunForm
from apps.quality.models import Quarantine, SuiteTest
from apps.quality.selectors import measurement_latest
from apps.quality.services import quarantine_lift, quarantine_set, reruns_start
from apps.quality.types import RERUN_JOB
from apps.quality.views.tabs import measurable, tab_page, trail
from apps.repositories.models import Repository
from apps.repositories.selectors import repository_get
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

PERIODS = (7, 30, 90)
DEFAULT_DAYS = 30
ORIGINS = {"": "All", "ai": "Generated", "human": "Human", "mixed": "Mixed"}
PAGE_SIZE = 50


@dataclass(frozen=True)
class Asked:
    """What the address asks for: days until now, and the origin of tests, "" for all."""

    days: int
    origin: str

    @classmethod
    def of(cls, request: HtmxRequest) -> Asked:
        """Read the address; what it does not say, or says wrongly, is the default."""
        days, origin = request.GET.get("days", ""), request.GET.get("origin", "")
        known = {str(period): period for period in PERIODS}
        return cls(known.get(days, DEFAULT_DAYS), origin if origin in ORIGINS else "")

    @property
    def window(self) -> Window:
        """The time that is meant."""
        end = now() + timedelta(minutes=1)
        return Window(end - timedelta(days=self.days), end)

    def tests(self, repository: Repository) -> list[int] | None:
        """Return the tests of the origin; None stands for all."""
        return tests_of_origin(repository, self.origin) if self.origin else None

    @property
    def query(self) -> str:
        """The address that asks for the same."""
        return urlencode({"days": self.days, "origin": self.origin})

    def picks(self) -> dict[str, list[dict[str, object]]]:
        """Return what else can be chosen, as components/pick.html takes it."""
        return {
            "periods": [
                {"label": f"{days} days", "query": replace(self, days=days).query, "is_current": days == self.days}
                for days in PERIODS
            ],
            "origins": [
                {"label": words, "query": replace(self, origin=name).query, "is_current": name == self.origin}
                for name, words in ORIGINS.items()
            ],
        }


@login_required
@require_GET
def flakes(request: HtmxRequest, name: str) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    job = measurement_latest(repository=repository, kind=RERUN_JOB, user=user)  # Before the runs that it makes.
    asked = Asked.of(request)
    tests = asked.tests(repository)
    found = flakes_of([repository], asked.window, tests=tests)
    runs = list(runs_of(repository)[:RUNS_SHOWN])
    context = {
        "job": job,
        "found": found,
        "needed": reruns_sentence(found.flaky, found.pairs),
        "noticed": tests_noticed(repository, asked.window, tests=tests),
        "quarantines": list(quarantines_open(repository)),
        "runs": runs,
        "broken": runs_of(repository).filter(is_infrastructure=True, created_at__gte=asked.window.start).count(),
        "slow_seconds": SLOW_SECONDS,
        "days": asked.days,
        "origin": ORIGINS[asked.origin] if asked.origin else "",
        "tests_of_origin": 0 if tests is None else len(tests),
        **asked.picks(),
        "form": RerunForm(),
        "export_url": f"{reverse('quality:flakes-export', args=[name])}?{asked.query}",
        "upload_url": request.build_absolute_uri("/api/quality/tests/upload"),
    }
    return tab_page(request, repository, "flakes", context)


@login_required
@require_GET
def test_detail(request: HtmxRequest, name: str, test_id: int) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    test = _test(repository, test_id)
    return render(request, "quality/test_detail.html", _test_context(request, repository, test))


@login_required
@require_POST
def rerun(request: HtmxRequest, name: str) -> HttpResponse:
    repository = measurable(request, name)
    response = redirect_after(request, reverse("quality:flakes", args=[name]))
    form = RerunForm(request.POST)
    if not form.is_valid():
        return notify(request, response, "Choose 2 to 20 times, and 1 to 20 commits.", level="error")
    try:
        jobs = reruns_start(repository=repository, requested_by=current_user(request), **form.cleaned_data)
    except (RepositoryEmpty, RepositoryUnavailable) as problem:
        return notify(request, response, str(problem), level="error")
    words = "The tests of the newest commit are" if len(jobs) == 1 else f"The tests of {len(jobs)} commits are"
    return notify(request, response, f"{words} being run again.", level="info")


@login_required
@require_POST
def quarantine(request: HtmxRequest, name: str, test_id: int) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    test = _test(repository, test_id)
    form = QuarantineForm(request.POST, people=people_of(repository))
    is_valid = form.is_valid()
    owner = form.cleaned_data.get("owner")
    _require(request, repository, test, owner)
    if not is_valid or owner is None:
        context = _test_context(request, repository, test) | {"form": form}
        return render(request, "quality/test_detail.html", context, status=422)
    response = redirect_after(request, reverse("quality:test-detail", args=[name, test_id]))
    data = form.cleaned_data
    try:
        quarantine_set(test=test, owner=owner, reason=data["reason"], days=data["days"], actor=user)
    except Conflict as problem:
        return notify(request, response, str(problem), level="error")
    return notify(request, response, "The test is in quarantine. Its runs go on counting.", level="info")


@login_required
@require_POST
def lift(request: HtmxRequest, name: str, test_id: int) -> HttpResponse:
    user = current_user(request)
    repository = repository_get(user=user, name=name)
    test = _test(repository, test_id)
    found = quarantines_open(repository).filter(test=test).first()
    _require(request, repository, test, found.owner if found else None)
    if found is None:
        return redirect("quality:test-detail", name=name, test_id=test_id)
    quarantine_lift(quarantine=found, actor=user)
    response = redirect_after(request, reverse("quality:test-detail", args=[name, test_id]))
    return notify(request, response, "The quarantine is lifted.", level="info")


@login_required
@require_GET
def export(request: HtmxRequest, name: str) -> HttpResponse:
    repository = repository_get(user=current_user(request), name=name)
    return table_download(request, f"{name}-flakes.csv", _rows(repository, Asked.of(request)), scope=repository.scope)


def _rows(repository: Repository, asked: Asked) -> Iterator[Row]:
    yield (
        "test",
        "kind",
        "pairs",
        "flaky",
        "rate_high",
        "executed",
        "failed",
        "mean_seconds",
        "quarantined_until",
    )
    for one in tests_noticed(repository, asked.window, tests=asked.tests(repository)):
        record, held = one.record, one.quarantine
        yield (
            *(one.test.name, one.kind, record.pairs, record.flaky, round(record.rate.high, 4), record.executed),
            *(record.failed, round(record.mean_seconds, 3), held.ends_at.isoformat() if held else None),
        )


def _test(repository: Repository, test_id: int) -> SuiteTest:
    found = SuiteTest.objects.filter(repository=repository, pk=test_id).select_related("repository__scope").first()
    if found is None:
        raise NotFound("There is no such test in this repository.")
    return found


def _test_context(request: HtmxRequest, repository: Repository, test: SuiteTest) -> dict[str, object]:
    user = current_user(request)
    held = quarantines_open(repository).filter(test=test).first()
    is_lead = can(user, Action.TEST_QUARANTINE, repository.scope)
    may_own = can(user, Action.TEST_QUARANTINE, repository.scope, met={Condition.OWN})
    people = people_of(repository) if is_lead else people_of(repository).filter(pk=user.pk)
    return {
        "repository": repository,
        "test": test,
        "page": Paginator(tallies_of(test), PAGE_SIZE).get_page(request.GET.get("page")),
        "quarantine": held,
        "past": Quarantine.objects.filter(test=test).select_related("owner", "set_by").order_by("-created_at")[:10],
        "may_lift": held is not None and (is_lead or (may_own and _is_own(user, held.owner))),
        "form": QuarantineForm(people=people) if may_own and held is None else None,
        "trail": trail(repository, "flakes"),
    }


def _require(request: HtmxRequest, repository: Repository, test: SuiteTest, owner: User | None) -> None:
    """Let through who may quarantine any test here, or one that is in their own care."""
    met = {Condition.OWN} if owner is not None and _is_own(current_user(request), owner) else set()
    require(request, Action.TEST_QUARANTINE, repository.scope, met=met, object_kind="test", object_id=test.pk)


def _is_own(user: User, owner: User) -> bool:
    return owner.pk in accounts_of(user)
