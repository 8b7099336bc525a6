"""What trips a tripwire, what it suspends, and what it keeps of what it read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance import measures
from apps.governance.engine.tripwires import (
    Found,
    Trips,
    Tripwire,
    TripwireState,
    tripwire_data,
    tripwire_judge,
    tripwire_read,
    tripwires_default,
)
from apps.governance.measures import Measure, MeasureUnavailable, Reading, Shape, Window, measure_register
from apps.governance.models import AuditEvent, Incident, Rung, Scope, Suspension, TripwireReading, User
from apps.governance.services import (
    GenerationRefused,
    LadderInvalid,
    NotAllowed,
    generation_require_allowed,
    incident_close,
    incident_open,
    tripwires_check,
)
from apps.governance.services import tripwires as service
from apps.governance.types import Role
from tests.decided import rung_decided

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WIRE = Tripwire("test.rate", bound=0.1, trips=Trips.ABOVE, grace_hours=24, least_n=5)

numbers = st.floats(allow_nan=False, allow_infinity=False)
wires = st.builds(
    Tripwire,
    measure=st.just("m"),
    bound=numbers,
    trips=st.sampled_from(Trips),
    window_days=st.integers(1, 365),
    grace_hours=st.integers(0, 336),
    least_n=st.integers(0, 1000),
)


@given(wires)
def test_a_tripwire_survives_being_kept(wire: Tripwire) -> None:
    assert tripwire_read(tripwire_data(wire)) == wire


@given(wires, numbers, st.integers(0, 2000))
def test_it_trips_exactly_past_its_bound_and_never_on_too_few(wire: Tripwire, value: float, n: int) -> None:
    state = tripwire_judge(wire, Found(value, n), NOW)
    is_past = value > wire.bound if wire.trips is Trips.ABOVE else value < wire.bound
    if n < wire.least_n:
        assert state is TripwireState.NO_VALUE
    else:
        assert state is (TripwireState.TRIPPED if is_past else TripwireState.CLEAR)


@given(wires, st.integers(0, 1000))
def test_a_source_that_fails_trips_after_its_grace_and_not_before(wire: Tripwire, hours: int) -> None:
    found = Found(problem="It is down.", failing_since=NOW - timedelta(hours=hours))
    expected = TripwireState.TRIPPED if hours >= wire.grace_hours else TripwireState.FAILING
    assert tripwire_judge(wire, found, NOW) is expected


def test_no_value_yet_trips_nothing() -> None:
    assert tripwire_judge(WIRE, Found(), NOW) is TripwireState.NO_VALUE
    assert tripwire_judge(WIRE, Found(float("nan"), 10), NOW) is TripwireState.NO_VALUE


def test_the_default_ones_watch_rework_reverts_flakes_coverage_and_incidents() -> None:
    assert len({wire.measure for wire in tripwires_default()}) == 5


class Source:
    """A measure that says what a test wants it to."""

    def __init__(self) -> None:
        self.reading: Reading | None = Reading(0.05, n=40, low=0.02, high=0.11, as_of=now())
        self.failure: Exception = MeasureUnavailable("The history cannot be read.")

    def read(self, scopes: Any, window: Window) -> Reading:
        if self.reading is None:
            raise self.failure
        return self.reading


def query_that_fails(scopes: Any, window: Window) -> Reading:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    return Reading(0.0)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setattr(measures, "_measures", dict(measures._measures))
    made = Source()
    measure_register(
        Measure("test.rate", "Test rate", "d", Shape.RATE, "%", "Test", made.read, freshness=timedelta(days=7))
    )
    yield made


@pytest.fixture
def rung(scope: Scope, organisation: Scope, source: Source) -> Rung:
    return rung_decided(scopes=[scope], tripwires=[tripwire_data(WIRE)])


def state_of(rung: Rung) -> str:
    tripwires_check(rung_id=rung.pk)
    return TripwireReading.objects.get(rung=rung).state


@pytest.mark.django_db
def test_within_its_bound_nothing_is_suspended(rung: Rung) -> None:
    assert state_of(rung) == "clear"
    assert not Suspension.objects.exists()


@pytest.mark.django_db
def test_past_its_bound_the_rung_is_suspended_with_what_was_read(rung: Rung, scope: Scope, source: Source) -> None:
    source.reading = Reading(0.25, n=40, low=0.14, high=0.40, as_of=now())
    assert state_of(rung) == "tripped"
    suspension = Suspension.objects.get()
    assert (suspension.kind, suspension.suspended_by, suspension.rung_id) == ("rung", None, rung.pk)
    assert suspension.reason == "Test rate is 25 % (n 40), above its bound of 10 %."
    assert suspension.reading["tripped"][0]["value"] == 0.25
    with pytest.raises(GenerationRefused, match=r"Wave 2 is suspended since .* by a tripwire: Test rate is 25 %"):
        generation_require_allowed(scope=scope, risk="low", task_class="text")
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.actor_type) == ("generation.suspend", "system")


@pytest.mark.django_db
def test_a_second_look_makes_no_second_suspension_and_a_better_figure_does_not_resume(
    rung: Rung, source: Source
) -> None:
    source.reading = Reading(0.25, n=40, as_of=now())
    state_of(rung)
    state_of(rung)
    source.reading = Reading(0.0, n=40, as_of=now())
    assert state_of(rung) == "clear"
    assert Suspension.objects.filter(resumed_at=None).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["raises", "stale", "gone"])
def test_a_source_that_fails_has_its_grace(
    rung: Rung, source: Source, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "raises":
        source.reading = None
    elif how == "stale":
        source.reading = Reading(0.0, n=40, as_of=now() - timedelta(days=8))
    else:
        measures._measures.pop("test.rate")
    assert state_of(rung) == "failing"
    began = now()
    monkeypatch.setattr(service, "now", lambda: began + timedelta(hours=23))
    assert state_of(rung) == "failing"
    monkeypatch.setattr(service, "now", lambda: began + timedelta(hours=25))
    assert state_of(rung) == "tripped"
    assert "could not be read for more than 24 h" in Suspension.objects.get().reason


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("failure", "note"),
    [
        (OSError("disk"), "Its source could not be read: OSError."),
        (NotFound("The branch is gone."), "The branch is gone."),
        (None, "Its source could not be read: DataError."),
    ],
)
def test_a_source_that_crashes_is_failing_and_the_other_tripwires_are_read(
    scope: Scope, organisation: Scope, source: Source, failure: Exception | None, note: str
) -> None:
    broken = Source()
    broken.reading = None
    broken.failure = failure or broken.failure
    read = broken.read if failure else query_that_fails
    measure_register(Measure("test.broken", "Broken", "d", Shape.RATE, "%", "Test", read, freshness=timedelta(days=7)))
    wires = [tripwire_data(Tripwire("test.broken", bound=0.1, trips=Trips.ABOVE)), tripwire_data(WIRE)]
    tripwires_check(rung_id=rung_decided(scopes=[scope], tripwires=wires).pk)
    first, second = TripwireReading.objects.order_by("position")
    assert (first.state, first.note, second.state) == ("failing", note, "clear")


@pytest.mark.django_db
def test_a_source_that_recovers_begins_its_grace_anew(
    rung: Rung, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, source.reading = source.reading, None
    state_of(rung)
    source.reading = good
    assert state_of(rung) == "clear"
    assert TripwireReading.objects.get().failing_since is None


@pytest.mark.django_db
def test_a_rung_that_is_over_is_left_alone(rung: Rung, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.reading = Reading(0.25, n=40, as_of=now())
    monkeypatch.setattr(service, "now", lambda: rung.expires_at)
    assert tripwires_check(rung_id=rung.pk) == []
    assert not Suspension.objects.exists()


@pytest.fixture
def watched(scope: Scope, organisation: Scope) -> Rung:
    wire = {"measure": "governance.open_incidents", "bound": 0, "trips": "above"}
    return rung_decided(scopes=[organisation], tripwires=[wire])


@pytest.mark.django_db
def test_an_incident_suspends_at_once_and_closing_it_does_not_resume(
    watched: Rung, scope: Scope, person: Callable[..., User]
) -> None:
    erin, quinn = person("erin", Role.ENGINEER), person("quinn", Role.QUALITY_LEAD)
    incident = incident_open(scope=scope, title="Prices were halved.", severity="high", actor=erin)
    assert "Open incidents is 1 (n 1), above its bound of 0" in Suspension.objects.get().reason
    with pytest.raises(NotAllowed):
        incident_close(incident_id=incident.pk, resolution="Mended.", actor=erin)
    with pytest.raises(LadderInvalid):
        incident_close(incident_id=incident.pk, resolution=" ", actor=quinn)
    incident_close(incident_id=incident.pk, resolution="Mended.", actor=quinn)
    tripwires_check(rung_id=watched.pk)
    assert TripwireReading.objects.get().state == "clear"
    assert Suspension.objects.get().resumed_at is None
    assert {"incident.open", "incident.close"} <= set(AuditEvent.objects.values_list("action", flat=True))


@pytest.mark.django_db
def test_an_incident_is_never_changed_or_removed(scope: Scope, person: Callable[..., User]) -> None:
    incident_open(scope=scope, title="Prices were halved.", severity="high", actor=person("erin", Role.ENGINEER))
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Incident.objects.update(severity="low")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Incident.objects.all().delete()


@pytest.mark.django_db
def test_an_auditor_opens_no_incident(scope: Scope, person: Callable[..., User]) -> None:
    with pytest.raises(NotAllowed):
        incident_open(scope=scope, title="T", severity="low", actor=person("audrey", Role.AUDITOR))
