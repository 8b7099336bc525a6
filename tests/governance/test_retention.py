"""What is old goes, what is held stays, and nothing of weight goes without two people."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import Error, connection, transaction
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.models import Candidate, GeneratedCodeArtifact, GenerationRun
from apps.generation.own_records import GONE
from apps.governance import records
from apps.governance.engine.retention import Days, cutoff
from apps.governance.errors import NotAllowed, NotInteractive, RecordsClosed, RecordsInvalid
from apps.governance.models import AuditEvent, AuditOrigin, IdempotencyKey, LegalHold, RetentionSetting
from apps.governance.selectors.records import holds_standing, retention_dry_run, retention_rules
from apps.governance.services import (
    audit_verify,
    hold_place,
    hold_release,
    hold_release_ask,
    retention_ask,
    retention_confirm,
    retention_run,
    retention_withdraw,
    scope_create,
)
from apps.governance.types import Role
from tests.contract.world import World
from tests.linked import linked

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
AT_THE_PAGE = {"is_interactive": True, "reason": "Because."}


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.NOFX_BACKUPS = tmp_path / "backups"
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"
    settings.NOFX_BACKUPS.mkdir()
    return settings.NOFX_BACKUPS


@pytest.fixture
def admin(person, organisation):
    return person("opal", Role.ADMIN, where=organisation)


@pytest.fixture
def chair(person, organisation):
    return person("carl", Role.CHAIR, where=organisation)


@pytest.fixture
def signed(admin, chair):
    """Sign for how many days a class is kept."""

    def sign(data_class: str, days: int) -> RetentionSetting:
        setting = retention_ask(data_class=data_class, days=days, actor=admin, **AT_THE_PAGE)
        return retention_confirm(setting_id=setting.pk, actor=chair, is_interactive=True)

    return sign


@pytest.fixture
def old_request(scope, person, monkeypatch):
    """A request that was rejected long ago, with its candidate's code; nothing is held."""
    monkeypatch.setattr(World, "_keep", lambda world: None)
    world = World(scope, person("olga", Role.ENGINEER))
    request = world.grow(status="rejected")
    GenerationRun.objects.filter(pk=request.pk).update(state_changed_at=LONG_AGO)
    Candidate.objects.filter(request=request).update(patch="+ code", outcomes=[1], implementation=None)
    code = GeneratedCodeArtifact.objects.create(
        request=request, model_id="m", code_type="implementation", generated_code="print()"
    )
    first = Candidate.objects.filter(request=request).first()
    first.implementation = code
    first.save(update_fields=["implementation"])
    return request


def code_of(request) -> str:
    return Candidate.objects.get(request=request, implementation__isnull=False).implementation.generated_code


class TestRules:
    def test_the_defaults_are_those_that_were_promised(self):
        days = {data.key: data.days.default for data in records.data_classes()}
        expected = {
            "audit": 7 * 365,
            "audit_origins": 90,
            "sessions": 90,
            "idempotency_keys": 1,
            "backups": 35,
            "webhook_deliveries": 30,
            "rejected_candidates": 180,
            "readings": 90,
        }
        assert expected.items() <= days.items()

    @given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.integers(-10, 400))
    def test_days_are_refused_exactly_outside_the_limits(self, first, second, third, wanted):
        least, default, most = sorted((first, second, third))
        assert bool(Days(default, least, most).refused(wanted)) == (not least <= wanted <= most)
        assert cutoff(LONG_AGO, default) <= LONG_AGO

    def test_limits_that_contradict_themselves_are_refused(self):
        with pytest.raises(ValueError, match="lies between"):
            Days(1, 2, 3)


class TestTwoPeople:
    def test_a_setting_rules_once_two_people_signed(self, admin, chair):
        setting = retention_ask(data_class="rejected_candidates", days=30, actor=admin, **AT_THE_PAGE)
        assert {rule.data.key: rule.is_on for rule in retention_rules()}["rejected_candidates"] is False
        retention_confirm(setting_id=setting.pk, actor=chair, is_interactive=True)
        rule = next(rule for rule in retention_rules() if rule.data.key == "rejected_candidates")
        assert (rule.days, rule.is_on) == (30, True)
        actions = AuditEvent.objects.filter(object_kind="retention").order_by("sequence")
        assert list(actions.values_list("action", flat=True)) == ["retention.ask", "retention.confirm"]

    def test_nobody_signs_both_and_not_in_another_account_either(self, admin, chair, person, organisation):
        setting = retention_ask(data_class="sessions", days=30, actor=admin, **AT_THE_PAGE)
        with pytest.raises(NotAllowed):
            retention_confirm(setting_id=setting.pk, actor=admin, is_interactive=True)
        linked(admin, chair)
        with pytest.raises(NotAllowed):
            retention_confirm(setting_id=setting.pk, actor=chair, is_interactive=True)
        with pytest.raises(Error, match="another active person"), transaction.atomic():
            RetentionSetting.objects.filter(pk=setting.pk).update(confirmed_by=chair, confirmed_at=LONG_AGO)

    def test_tokens_machines_and_other_roles_sign_nothing(self, admin, chair, person, organisation):
        with pytest.raises(NotInteractive):
            retention_ask(data_class="sessions", days=30, actor=admin, reason="r", is_interactive=False)
        for actor in (chair, person("ada", Role.AUDITOR, where=organisation), person("erin", Role.ENGINEER)):
            with pytest.raises(NotAllowed):
                retention_ask(data_class="sessions", days=30, actor=actor, **AT_THE_PAGE)

    @pytest.mark.parametrize(
        ("data_class", "days", "reason"),
        [("audit", 400, "r"), ("nonsense", 1, "r"), ("sessions", 0, "r"), ("backups", 9999, "r"), ("sessions", 5, " ")],
    )
    def test_what_cannot_be_kept_so_is_refused(self, admin, data_class, days, reason):
        with pytest.raises(RecordsInvalid):
            retention_ask(data_class=data_class, days=days, reason=reason, actor=admin, is_interactive=True)

    def test_what_was_withdrawn_is_never_signed(self, admin, chair):
        setting = retention_ask(data_class="sessions", days=30, actor=admin, **AT_THE_PAGE)
        retention_withdraw(setting_id=setting.pk, actor=admin, is_interactive=True)
        with pytest.raises(RecordsClosed):
            retention_confirm(setting_id=setting.pk, actor=chair, is_interactive=True)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE governance_retentionsetting SET days = 1",
            "UPDATE governance_retentionsetting SET confirmed_at = now()",
            "DELETE FROM governance_retentionsetting",
        ],
    )
    def test_the_database_keeps_what_was_signed(self, signed, statement):
        signed("sessions", 30)
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


class TestRuns:
    def test_a_dry_run_counts_and_changes_nothing(self, db, folders):
        Session.objects.create(session_key="s", session_data="", expire_date=LONG_AGO)
        before = AuditEvent.objects.count()
        found = {run.rule.data.key: run for run in retention_dry_run()}
        assert (found["sessions"].old.count, found["sessions"].old.oldest) == (1, LONG_AGO)
        assert (Session.objects.count(), AuditEvent.objects.count()) == (1, before)

    def test_traces_go_by_themselves_and_the_run_is_in_the_chain(self, person, folders):
        Session.objects.create(session_key="s", session_data="", expire_date=LONG_AGO)
        key = IdempotencyKey.objects.create(user=person("olga"), path="/", key="k", body_digest="d")
        IdempotencyKey.objects.filter(pk=key.pk).update(created_at=LONG_AGO)
        backup = folders / "old.nofx-backup"
        backup.touch()
        os.utime(backup, (0, 0))
        (folders / "new.nofx-backup").touch()
        done = {"audit_origins": 0, "backups": 1, "idempotency_keys": 1, "sessions": 1, "webhook_deliveries": 0}
        assert retention_run() == done
        assert [path.name for path in folders.iterdir()] == ["new.nofx-backup"]
        begin, end = AuditEvent.objects.filter(object_kind="retention").order_by("sequence")
        assert begin.detail["sessions"]["days"] == 90
        assert end.detail == done
        assert retention_run()["sessions"] == 0

    def test_code_goes_only_after_two_people_signed_and_leaves_its_digest(self, old_request, signed):
        retention_run()
        assert code_of(old_request) == "print()"
        signed("rejected_candidates", 180)
        assert retention_run()["rejected_candidates"] == 1
        assert code_of(old_request).startswith("sha256:")
        candidate = Candidate.objects.get(request=old_request, implementation__isnull=False)
        assert (candidate.patch, candidate.outcomes, candidate.note) == ("", [], GONE)
        assert retention_run()["rejected_candidates"] == 0

    def test_batches_follow_one_another(self, db, monkeypatch):
        monkeypatch.setattr("apps.governance.services.retention.BATCH", 2)
        for number in range(5):
            Session.objects.create(session_key=str(number), session_data="", expire_date=LONG_AGO)
        said: list[tuple[str, int]] = []
        retention_run(say=lambda data_class, count: said.append((data_class, count)))
        assert said == [("sessions", 2), ("sessions", 4), ("sessions", 5)]

    def test_addresses_go_and_the_chain_stays_whole(self, db, as_owner, monkeypatch):
        note = import_string("tests.governance.test_audit_anchors.from_a_page")
        monkeypatch.setattr("apps.governance.services.audit.now", lambda: LONG_AGO)
        note(1)
        monkeypatch.undo()
        assert AuditOrigin.objects.count() == 1
        assert retention_run()["audit_origins"] == 1
        assert AuditOrigin.objects.count() == 0
        assert audit_verify().ok

    @pytest.mark.parametrize("table", ["governance_ballot", "governance_auditevent"])
    def test_what_the_database_keeps_is_no_class_that_can_be_deleted(self, db, table):
        tables = {
            data.kept.rows().model._meta.db_table
            for data in records.data_classes()
            if isinstance(data.kept, records.Rows)
        }
        assert table not in tables


class TestHolds:
    def hold(self, admin, **what: object) -> LegalHold:
        return hold_place(actor=admin, **AT_THE_PAGE, **what)

    @pytest.mark.parametrize("kind", ["repository", "organisation", "request", "person"])
    def test_each_kind_of_hold_beats_retention(self, old_request, signed, admin, scope, organisation, kind):
        signed("rejected_candidates", 30)
        what = {
            "repository": {"scope": scope},
            "organisation": {"scope": organisation},
            "request": {"request_id": old_request.pk},
            "person": {"person": old_request.run.requester},
        }[kind]
        self.hold(admin, **what)
        found = {run.rule.data.key: run for run in retention_dry_run()}["rejected_candidates"]
        assert (found.old.count, found.held) == (0, 1)
        assert retention_run()["rejected_candidates"] == 0
        assert code_of(old_request) == "print()"

    def test_a_hold_elsewhere_holds_nothing_here(self, old_request, signed, admin):
        signed("rejected_candidates", 30)
        far = scope_create(organisation="Other", repository="far", created_by=None)
        self.hold(admin, scope=far)
        assert retention_run()["rejected_candidates"] == 1

    def test_any_hold_keeps_every_backup(self, admin, folders):
        backup = folders / "old.nofx-backup"
        backup.touch()
        os.utime(backup, (0, time.time() - 90 * 86400))
        self.hold(admin, request_id=uuid4())
        retention_run()
        assert backup.exists()

    def test_it_ends_by_the_word_of_two_people(self, admin, chair, scope):
        hold = self.hold(admin, scope=scope)
        with pytest.raises(RecordsClosed):
            hold_release(hold_id=hold.pk, actor=chair, is_interactive=True)
        hold_release_ask(hold_id=hold.pk, actor=admin, is_interactive=True)
        with pytest.raises(NotAllowed):
            hold_release(hold_id=hold.pk, actor=admin, is_interactive=True)
        assert holds_standing().scopes == {scope.pk}
        hold_release(hold_id=hold.pk, actor=chair, is_interactive=True)
        assert holds_standing().scopes == frozenset()

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM governance_legalhold",
            "UPDATE governance_legalhold SET request_id = gen_random_uuid()",
            "UPDATE governance_legalhold SET released_by_id = placed_by_id, released_at = now(),"
            " release_asked_by_id = placed_by_id, release_asked_at = now()",
        ],
    )
    def test_the_database_lets_nobody_end_one_alone(self, admin, statement):
        self.hold(admin, request_id=uuid4())
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_it_is_about_exactly_one_thing(self, admin, scope, person):
        for what in ({}, {"scope": scope, "person": person("olga")}):
            with pytest.raises(RecordsInvalid):
                self.hold(admin, **what)

    def test_accounts_of_one_person_are_held_together(self, admin, person):
        one, other = person("one", person_key="k"), person("other", person_key="k")
        self.hold(admin, person=one)
        assert holds_standing().people == {one.pk, other.pk}


def test_another_app_needs_to_say_no_more_than_its_rows(db, monkeypatch):
    """The whole of what an app writes to have its table kept for a time."""
    monkeypatch.setattr(records, "_classes", {})
    rows = records.Rows(Session.objects.all, "expire_date")
    records.data_class_register(
        records.DataClass("deliveries", "Deliveries", "Deleted.", Days(30, 1, 90), rows, is_routine=True)
    )
    Session.objects.create(session_key="s", session_data="", expire_date=datetime.now(UTC) - timedelta(days=31))
    assert retention_run() == {"deliveries": 1}
