"""One's own page: name, password, absence, sessions and keys."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.core.clock import now
from apps.core.keymap import COOKIE, DEFAULTS, keymap_read, keymap_write
from apps.governance.models import Absence, AuditEvent, User
from apps.governance.selectors import roster_of
from apps.governance.selectors.profile import browser_name
from apps.governance.sessions import AUTHENTICATED, SEEN
from apps.governance.types import Role

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client, person):
    user = person("ada", Role.REVIEWER)
    client.force_login(user)
    return user


def signed_in(username, agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"):
    browser = Client(headers={"User-Agent": agent})
    browser.post("/sign-in", {"login": username, "password": PASSWORD})
    return browser


class TestYou:
    def test_what_changed_is_written_down_without_its_value(self, client, ada):
        client.post("/profile", {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"})
        ada.refresh_from_db()
        assert ada.get_full_name() == "Ada Lovelace"
        event = AuditEvent.objects.get(action="person.change")
        assert event.detail == {"fields": ["first_name", "last_name", "email"]}

    def test_nobody_gives_themselves_more(self, client, ada):
        client.post(
            "/profile", {"first_name": "", "last_name": "", "email": "", "is_superuser": "on", "person_key": "root"}
        )
        ada.refresh_from_db()
        assert (ada.is_superuser, ada.person_key) == (False, "")

    def test_a_wrong_address_is_told_and_kept(self, client, ada):
        page = client.post("/profile", {"first_name": "A", "email": "no address"})
        assert page.status_code == 422
        assert 'value="no address"' in page.content.decode()

    def test_the_page_is_for_people_who_signed_in(self):
        assert Client().get("/profile")["Location"] == "/sign-in?next=/profile"


class TestPassword:
    NEW = "four quiet words here"

    def test_a_new_password_ends_the_other_sessions(self, client, ada):
        other = signed_in("ada")
        answer = client.post("/profile/password", {"new_password": self.NEW, "again": self.NEW})
        assert answer.status_code == 302
        assert client.get("/profile").status_code == 200
        assert other.get("/profile").status_code == 302
        assert AuditEvent.objects.filter(action="person.password").count() == 1

    @pytest.mark.parametrize(("new", "again"), [("short", "short"), ("passwordpassword1", "another one 123")])
    def test_the_rules_hold(self, client, ada, new, again):
        assert client.post("/profile/password", {"new_password": new, "again": again}).status_code == 422
        ada.refresh_from_db()
        assert ada.check_password(PASSWORD)

    def test_it_takes_somebody_who_confirmed(self, client, ada):
        session = client.session
        session[AUTHENTICATED] = 0
        session.save()
        assert client.get("/profile/password")["Location"].startswith("/confirm?for=")

    def test_without_a_password_there_is_none_to_change(self, client, ada):
        ada.set_unusable_password()
        ada.save()
        client.force_login(ada)
        assert "You have no password" in client.get("/profile/password").content.decode()
        client.post("/profile/password", {"new_password": self.NEW, "again": self.NEW})
        ada.refresh_from_db()
        assert not ada.has_usable_password()


class TestAbsence:
    def declare(self, client, first=0, last=3):
        today = now().date()
        return client.post(
            "/profile/absences",
            {"starts_on": today + timedelta(days=first), "ends_on": today + timedelta(days=last)},
        )

    @pytest.mark.parametrize(("first", "last", "is_away"), [(0, 3, True), (0, 0, True), (1, 3, False), (-3, 0, True)])
    def test_whoever_is_away_is_absent_in_decisions(self, client, ada, scope, first, last, is_away):
        self.declare(client, first, last)
        assert [member.is_absent for member in roster_of(scope).members] == [is_away]

    def test_it_costs_decisions_no_query(self, ada, scope, django_assert_max_num_queries):
        with django_assert_max_num_queries(3):
            roster_of(scope)

    @pytest.mark.parametrize(("first", "last"), [(3, 1), (-4, -1), (0, 400)])
    def test_nobody_is_away_like_this(self, client, ada, first, last):
        assert self.declare(client, first, last).status_code == 422
        assert not Absence.objects.exists()

    def test_it_can_be_taken_back_by_oneself_only(self, client, ada, person):
        self.declare(client)
        absence = Absence.objects.get()
        other = Client()
        other.force_login(person("grace"))
        assert other.post(f"/profile/absences/{absence.pk}/remove").status_code == 404
        client.post(f"/profile/absences/{absence.pk}/remove")
        assert not Absence.objects.exists()
        actions = AuditEvent.objects.values_list("action", flat=True)
        assert {"absence.declare", "absence.withdraw"} <= set(actions)

    def test_the_database_knows_that_it_ends(self, ada):
        today = now().date()
        with pytest.raises(DatabaseError), transaction.atomic():
            Absence.objects.create(user=ada, starts_on=today, ends_on=today - timedelta(days=1))


class TestSessions:
    def test_each_place_is_listed_and_can_be_ended(self, client, person):
        person("ada")
        here, there = signed_in("ada"), signed_in("ada", "curl/8.5 <script>")
        page = here.get("/profile").content.decode()
        assert "Firefox on Linux" in page
        assert "curl/8.5 script" in page
        assert "this one" in page
        here.post("/profile/sessions/end")
        assert there.get("/profile").status_code == 302
        assert here.get("/profile").status_code == 200
        assert AuditEvent.objects.get(action="session.end").detail == {"count": 1}

    def test_nobody_ends_anothers(self, client, ada, person):
        person("grace")
        victim = signed_in("grace")
        for number in range(1, 6):
            client.post(f"/profile/sessions/{number}/end")
        assert victim.get("/profile").status_code == 200

    def test_a_page_of_many_costs_as_much_as_one(self, client, person, django_assert_num_queries):
        person("ada")
        here = signed_in("ada")
        here.get("/profile")
        with connection.execute_wrapper(count := Counter()):
            here.get("/profile")
        for _ in range(4):
            signed_in("ada")
        with django_assert_num_queries(count.number):
            here.get("/profile")

    def test_use_moves_the_end_and_what_a_page_asks_for_by_itself_does_not(self, client, ada, settings):
        def age(seconds):
            session = client.session
            session[SEEN] = now().timestamp() - seconds
            session.save()

        age(600)
        client.get("/governance", headers={"X-NOFX-Background": "1"})
        assert now().timestamp() - client.session[SEEN] > 500
        page = client.get("/governance").content.decode()
        assert now().timestamp() - client.session[SEEN] < 60
        assert f'data-session-ends="{settings.SESSION_COOKIE_AGE}"' in page
        left = client.post("/sign-in/stay")
        assert int(left.content) >= settings.SESSION_COOKIE_AGE - 60

    def test_a_session_that_ended_leads_to_sign_in(self, client, ada):
        session = client.session
        session.set_expiry(-1)
        session.save()
        assert client.get("/governance")["Location"].startswith("/sign-in")
        assert client.post("/sign-in/stay").status_code == 302

    @pytest.mark.parametrize(
        ("agent", "name"),
        [
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19 like Mac OS X) Safari/604.1", "Safari on iPhone"),
            ("", "An unknown browser"),
            ("<img src=x>", "img srcx"),
        ],
    )
    def test_browsers_have_the_names_that_people_know(self, agent, name):
        assert browser_name(agent) == name


class Counter:
    number = 0

    def __call__(self, execute, sql, params, many, context):
        self.number += 1
        return execute(sql, params, many, context)


class TestKeys:
    def test_a_key_of_ones_own_is_kept_in_the_browser(self, client, ada):
        client.post("/profile/keys", {**DEFAULTS, "next": "x"})
        assert keymap_read(client.cookies[COOKIE].value)["next"] == "x"
        assert "<kbd>x</kbd> <kbd>k</kbd>" in client.get("/profile").content.decode()
        client.post("/profile/keys", {"reset": "1"})
        assert keymap_read(client.cookies[COOKIE].value) == DEFAULTS

    def test_enter_in_a_field_saves_since_a_browser_sends_the_first_button(self, client, ada):
        page = client.get("/profile/keys").content.decode()
        buttons = re.findall(r"<button[^>]*>.*?</button>", page[page.index('action="/profile/keys"') :], re.DOTALL)
        assert "Save keys" in buttons[0]

    @pytest.mark.parametrize("change", [{"next": "k"}, {"next": " "}, {"next": ""}, {"next": "jj"}, {"next": "é"}])
    def test_a_key_does_one_thing(self, client, ada, change):
        assert client.post("/profile/keys", {**DEFAULTS, **change}).status_code == 422

    @pytest.mark.parametrize(
        "cookie", ["", "x", "[1]", '{"next": "k"}', '{"next": "<script>"}', '{"evil": "x"}', "null"]
    )
    def test_a_cookie_that_says_nonsense_says_nothing(self, cookie):
        assert keymap_read(cookie) == DEFAULTS

    def test_what_is_written_is_read_again(self):
        keys = {**DEFAULTS, "next": '"', "up": ";"}
        assert keymap_read(keymap_write(keys)) == keys


def test_a_person_without_any_role_has_a_profile(client):
    client.force_login(User.objects.create_user("nemo", password=PASSWORD))
    assert client.get("/profile").status_code == 200
