"""One row for each person and subject, e-mail where it is wanted, and nothing about what may not be known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import Organisation, RoleAssignment, Scope, User
from apps.jobs.engine.notices import IMMEDIATE, Kind, MailState, Wish, default_wish, mail_after
from apps.jobs.models import Job, Notification, NotificationChoice, NotificationMute
from apps.jobs.models import Kind as KindChoices
from apps.jobs.models import Mail as MailChoices
from apps.jobs.runner import job_execute
from apps.jobs.selectors.notifications import inbox, unread_count
from apps.jobs.services import jobs_due_begin
from apps.jobs.services.mail import digests_due, digests_send, mails_due, notification_mail
from apps.jobs.services.notifications import (
    Notice,
    notification_choices_save,
    notification_read,
    notification_snooze,
    notifications_settle,
    people_notify,
    subject_mute,
)

MORNING = datetime(2026, 11, 30, 8, tzinfo=UTC)


# --- The rule -------------------------------------------------------------------------------------------------------


def test_the_engines_words_are_the_databases_words() -> None:
    assert {kind.value for kind in Kind} == set(KindChoices.values)
    assert {wish.value for wish in Wish} == set(MailChoices.values)
    assert {state.value for state in MailState} == set(Notification.MailState.values)


def test_what_cannot_wait_is_sent_at_once_and_the_rest_in_the_digest() -> None:
    assert {kind for kind in Kind if default_wish(kind) is Wish.NOW} == IMMEDIATE
    now_told = {"your_turn", "request_ended", "review_ended", "gate_changed", "scope_suspended"}
    assert {kind.value for kind in IMMEDIATE} == now_told


@given(st.lists(st.tuples(st.sampled_from(sorted(IMMEDIATE)), st.booleans()), max_size=30))
def test_unread_mail_of_one_kind_is_never_followed_by_another(news: list[tuple[Kind, bool]]) -> None:
    held, held_kind, sent_since_read = MailState.NONE, None, {}
    for kind, was_read in news:
        sent_since_read = {} if was_read else sent_since_read
        held = mail_after(held=held, held_kind=held_kind, was_read=was_read, kind=kind, wish=Wish.NOW)
        if held is MailState.DUE:
            assert kind != held_kind or not sent_since_read.get(kind)
            held = MailState.SENT
            sent_since_read[kind] = True
        held_kind = kind


@given(st.sampled_from(MailState), st.sampled_from(Kind), st.booleans(), st.sampled_from(Kind), st.sampled_from(Wish))
def test_what_is_due_stays_due(held: MailState, held_kind: Kind, was_read: bool, kind: Kind, wish: Wish) -> None:
    after = mail_after(held=held, held_kind=held_kind, was_read=was_read, kind=kind, wish=wish)
    assert after is MailState.DUE if held is MailState.DUE else True
    assert after is not MailState.DUE or held is MailState.DUE or wish is Wish.NOW


# --- In the database ------------------------------------------------------------------------------------------------


@pytest.fixture
def scope(db: None) -> Scope:
    return Scope.objects.create(organisation=Organisation.objects.create(name="Acme"), repository="shop")


@pytest.fixture
def ada(scope: Scope) -> User:
    user = User.objects.create_user("ada", email="ada@example.org", password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=scope, role="engineer")
    return user


@pytest.fixture
def has_mail(settings: Any) -> None:
    settings.NOFX_MAIL_FROM = "NOFX <nofx@example.org>"
    settings.NOFX_PUBLIC_URL = "https://nofx.example.org"


@pytest.fixture
def tell(scope: Scope, ada: User) -> Callable[..., Notification]:
    def make(kind: Kind = Kind.YOUR_TURN, *, about: str = "1", title: str = "Review a change", **more: Any) -> Any:
        people_notify(Notice(kind, "request", about, title, [ada.pk], **{"url": "/requests/1", "scope": scope, **more}))
        return Notification.objects.filter(recipient=ada, subject_id=about).first()

    return make


Tell = Callable[..., Notification]


@pytest.mark.django_db
class TestTelling:
    def test_news_about_a_subject_takes_the_place_of_the_old(self, tell: Tell, ada: User) -> None:
        first = tell()
        notification_read(user=ada, notification_id=first.pk)
        again = tell(Kind.REQUEST_ENDED, title="It was merged")
        assert (again.pk, again.news, again.read_at, again.title) == (first.pk, 2, None, "It was merged")
        assert again.changed_at >= first.changed_at
        assert Notification.objects.count() == 1

    def test_the_database_holds_one_row_for_each_person_and_subject(self, tell: Tell, ada: User) -> None:
        tell()
        with pytest.raises(IntegrityError), transaction.atomic():
            Notification.objects.create(
                recipient=ada, kind="your_turn", subject_kind="request", subject_id="1", title="T"
            )

    @pytest.mark.parametrize("url", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
    def test_a_notification_leads_to_this_site_only(self, tell: Tell, url: str) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            tell(url=url)

    def test_a_muted_subject_is_told_no_more_and_another_still_is(self, tell: Tell, ada: User) -> None:
        subject_mute(user=ada, notification_id=tell().pk)
        assert tell().news == 1
        assert tell(about="2") is not None
        assert unread_count(ada) == 1

    def test_machines_and_closed_accounts_are_told_nothing(self, tell: Tell, ada: User) -> None:
        User.objects.update(is_active=False)
        assert tell() is None
        User.objects.update(is_active=True, is_service=True)
        assert tell() is None

    def test_what_is_put_off_comes_back_in_time_or_with_news(self, tell: Tell, ada: User) -> None:
        row = notification_snooze(user=ada, notification_id=tell().pk, until=now() + timedelta(days=400))
        assert row.snoozed_until < now() + timedelta(days=31)
        assert unread_count(ada) == 0
        assert [one.pk for one in inbox(ada, show="snoozed")] == [row.pk]
        tell()
        assert unread_count(ada) == 1

    def test_what_was_done_waits_no_more(self, tell: Tell, ada: User) -> None:
        turn, ended = tell(), tell(Kind.REQUEST_ENDED, about="2")
        for about in ("1", "2"):
            notifications_settle(subject_kind="request", subject_id=about)
        assert [row.pk for row in inbox(ada)] == [ended.pk]
        assert turn.pk not in {row.pk for row in inbox(ada)}

    def test_who_lost_their_role_sees_nothing_about_the_place_any_more(self, tell: Tell, ada: User) -> None:
        row = tell()
        RoleAssignment.objects.all().delete()
        assert unread_count(ada) == 0
        assert list(inbox(ada, show="all")) == []
        with pytest.raises(NotFound):
            notification_read(user=ada, notification_id=row.pk)

    def test_nobody_reads_or_changes_what_others_were_told(self, tell: Tell, scope: Scope) -> None:
        other = User.objects.create_user("eve", password="correct horse battery")
        RoleAssignment.objects.create(user=other, scope=scope, role="reviewer")
        row, client = tell(), Client()
        client.force_login(other)
        for name in ("open", "mark", "snooze", "mute"):
            assert client.post(reverse(f"jobs:notification-{name}", args=[row.pk])).status_code == 404
        assert Notification.objects.get().read_at is None


class TestMail:
    @pytest.mark.django_db
    def test_without_a_mail_server_nothing_is_ever_sent_or_queued(self, tell: Tell) -> None:
        assert tell().mail_state == "none"
        assert (digests_due(MORNING), mails_due(MORNING)) == ([], [])
        assert (digests_send(), len(mail.outbox)) == (0, 0)
        assert not Job.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_what_cannot_wait_is_sent_once_until_it_was_read(self, has_mail: None, tell: Tell, ada: User) -> None:
        row = tell(title="Review “Round half\nto even”", text="It waits for you.")
        job_execute(Job.objects.get(kind="notifications.mail").pk)
        tell()
        assert Job.objects.filter(state="queued").count() == 0
        assert [one.subject for one in mail.outbox] == ["[NOFX] Review “Round half to even”"]
        body = mail.outbox[0].body
        for words in ("It waits for you.", "https://nofx.example.org/requests/1", "/settings/notifications"):
            assert words in body
        notification_read(user=ada, notification_id=row.pk)
        tell()
        assert Job.objects.filter(state="queued").count() == 1

    @pytest.mark.django_db
    def test_a_repeated_job_sends_nothing_again(self, has_mail: None, tell: Tell) -> None:
        row = tell()
        assert notification_mail(notification_id=row.pk)
        assert not notification_mail(notification_id=row.pk)
        assert len(mail.outbox) == 1

    @pytest.mark.django_db
    @pytest.mark.parametrize("change", ["read", "closed", "role", "address"])
    def test_what_need_not_or_may_not_be_known_any_more_is_not_sent(
        self, has_mail: None, tell: Tell, ada: User, change: str
    ) -> None:
        row = tell()
        if change == "read":
            notification_read(user=ada, notification_id=row.pk)
        elif change == "role":
            RoleAssignment.objects.all().delete()
        else:
            User.objects.update(**({"is_active": False} if change == "closed" else {"email": ""}))
        assert not notification_mail(notification_id=row.pk)
        assert mail.outbox == []
        assert Notification.objects.get().mail_state == "none"

    @pytest.mark.django_db
    def test_a_person_chooses_for_each_kind(self, has_mail: None, tell: Tell, ada: User) -> None:
        notification_choices_save(user=ada, choices={Kind.YOUR_TURN: Wish.NEVER, Kind.PLATFORM: Wish.NOW})
        assert tell().mail_state == "none"
        assert tell(Kind.PLATFORM, about="2").mail_state == "due"
        assert tell(Kind.REQUEST_MOVED, about="3").mail_state == "digest"

    @pytest.mark.django_db(transaction=True)
    def test_the_digest_is_asked_for_once_a_day_and_holds_the_rest(self, has_mail: None, tell: Tell, ada: User) -> None:
        moved = tell(Kind.REQUEST_MOVED, title="It is with its reviewers")
        read = tell(Kind.RULES_CHANGED, about="2", title="A policy rules")
        notification_read(user=ada, notification_id=read.pk)
        assert digests_due(MORNING.replace(hour=6)) == []
        jobs_due_begin(at=MORNING)
        job = Job.objects.get(kind="notifications.digest")
        assert digests_due(MORNING + timedelta(hours=3)) == []
        assert job_execute(job.pk) == "succeeded"
        assert [one.subject for one in mail.outbox] == ["[NOFX] Your digest: 1 new"]
        assert "It is with its reviewers" in mail.outbox[0].body
        assert "A policy rules" not in mail.outbox[0].body
        moved.refresh_from_db()
        assert moved.mail_state == "sent"
        assert digests_send() == 0

    @pytest.mark.django_db(transaction=True)
    def test_a_server_that_refuses_is_tried_again_and_after_a_day_the_digest_takes_over(
        self, has_mail: None, tell: Tell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> int:
            raise SMTPException("451 4.3.0 secret-in-the-answer")

        monkeypatch.setattr("apps.jobs.services.mail.send_mail", refuse)
        row = tell()
        job = Job.objects.get()
        assert job_execute(job.pk) == "failed"
        job.refresh_from_db()
        assert "secret" not in job.error
        later = now() + timedelta(minutes=11)
        assert mails_due(now()) == []
        assert len(mails_due(later)) == 1
        jobs_due_begin(at=later)
        assert mails_due(later) == []
        Job.objects.all().delete()
        assert mails_due(now() + timedelta(days=2)) == []
        row.refresh_from_db()
        assert row.mail_state == "digest"


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def browser(self, ada: User) -> Client:
        client = Client()
        client.force_login(ada)
        return client

    def test_the_bell_counts_what_waits(self, browser: Client, tell: Tell) -> None:
        assert 'aria-label="Inbox"' in browser.get(reverse("jobs:inbox")).content.decode()
        tell()
        assert 'aria-label="Inbox: 1 to read"' in browser.get(reverse("jobs:inbox")).content.decode()

    def test_opening_marks_as_read_and_leads_there(self, browser: Client, tell: Tell) -> None:
        answer = browser.post(reverse("jobs:notification-open", args=[tell().pk]))
        assert (answer.status_code, answer["Location"]) == (302, "/requests/1")
        assert Notification.objects.get().read_at is not None

    def test_titles_are_text(self, browser: Client, tell: Tell) -> None:
        tell(title="<script>alert(1)</script>")
        page = browser.get(reverse("jobs:inbox")).content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_read_unread_snoozed_and_muted_are_where_they_are_said_to_be(self, browser: Client, tell: Tell) -> None:
        row = tell()
        for name, data, show in (
            ("mark", {"read": "yes"}, "all"),
            ("mark", {"read": "no"}, "open"),
            ("snooze", {"until": "week"}, "snoozed"),
        ):
            browser.post(reverse(f"jobs:notification-{name}", args=[row.pk]), data)
            assert "Review a change" in browser.get(f"{reverse('jobs:inbox')}?show={show}").content.decode()
        browser.post(reverse("jobs:notification-mute", args=[row.pk]))
        settings = browser.get(reverse("jobs:notification-settings")).content.decode()
        assert "Review a change" in settings
        browser.post(reverse("jobs:mute-remove", args=[NotificationMute.objects.get().pk]))
        assert not NotificationMute.objects.exists()

    def test_all_are_read_at_once(self, browser: Client, tell: Tell) -> None:
        tell()
        tell(about="2")
        browser.post(reverse("jobs:notification-mark-all"))
        assert "Nothing to read" in browser.get(reverse("jobs:inbox")).content.decode()

    def test_a_way_back_leads_to_this_site_only(self, browser: Client, tell: Tell) -> None:
        url = reverse("jobs:notification-mark", args=[tell().pk])
        assert browser.post(url, {"next": "https://evil.example/"})["Location"] == reverse("jobs:inbox")

    def test_choices_are_kept_and_the_page_says_that_there_is_no_mail_server(self, browser: Client, ada: User) -> None:
        url = reverse("jobs:notification-settings")
        assert "no mail server" in browser.get(url).content.decode()
        chosen = {kind.value: "never" for kind in Kind}
        assert browser.post(url, chosen).status_code == 302
        assert NotificationChoice.objects.filter(user=ada, mail="never").count() == len(Kind)
        assert browser.post(url, {**chosen, "your_turn": "sometimes"}).status_code == 200

    def test_the_inbox_costs_the_same_for_one_and_for_many(self, browser: Client, tell: Tell) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                browser.get(reverse("jobs:inbox"))
            return len(captured)

        tell()
        few = queries()
        for number in range(2, 22):
            tell(about=str(number))
        assert queries() == few
