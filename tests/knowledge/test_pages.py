"""The pattern library as pages: found by words, read in full, for people who have a role."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.knowledge.engine.antipatterns import ANTIPATTERNS
from apps.knowledge.engine.search import search
from apps.knowledge.gateways.library import patterns

PATTERNS = patterns()


@pytest.fixture
def stranger(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("stranger", password="correct horse battery staple"))
    return client


@pytest.fixture
def reader(db: None) -> Client:
    user = User.objects.create_user("reader", password="correct horse battery staple")
    scope = scope_create(organisation="Acme", repository="shop", created_by=None)
    RoleAssignment.objects.create(user=user, scope=scope, role=Role.AUDITOR.value)
    client = Client()
    client.force_login(user)
    return client


def names(query: str) -> list[str]:
    return [pattern.name for pattern in search(PATTERNS, query).patterns]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.slug)
def test_a_pattern_is_the_first_found_by_its_own_name(pattern):
    assert names(pattern.name)[0] == pattern.name


@pytest.mark.parametrize(
    ("query", "expected"),
    [("luhn", "luhn checksum"), ("URL accents", "slugify"), ("batch sublist", "chunked batching")],
)
def test_a_pattern_is_found_by_words_about_it(query, expected):
    assert names(query)[0] == expected


def test_every_word_counts_unless_no_pattern_has_them_all():
    exact = search(PATTERNS, "luhn card")
    assert [pattern.name for pattern in exact.patterns] == ["luhn checksum"]
    assert not exact.is_relaxed
    relaxed = search(PATTERNS, "luhn slugify")
    assert relaxed.is_relaxed
    assert {"luhn checksum", "slugify"} <= {pattern.name for pattern in relaxed.patterns}
    assert search(PATTERNS, "xyzzyplugh").patterns == ()


@given(st.text(max_size=300))
def test_any_query_has_an_answer(query):
    found = search(PATTERNS, query)
    assert len(set(found.patterns)) == len(found.patterns)


def test_the_page_lists_every_pattern_and_searches(reader):
    page = reader.get("/knowledge").content.decode()
    assert page.count('class="table__title"') == len(PATTERNS)
    assert page.split("<dialog")[0].count("button--primary") == 1
    page = reader.get("/knowledge?q=luhn").content.decode()
    assert page.count('class="table__title"') == 1
    assert 'value="luhn"' in page
    assert "these have some of them" in reader.get("/knowledge?q=luhn+slugify").content.decode()
    page = reader.get("/knowledge?q=%3Cb%3Exyzzyplugh").content.decode()
    assert "No pattern has any of these words" in page
    assert "<b>xyzzy" not in page


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.slug)
def test_each_pattern_is_shown_with_code_tests_and_warning(reader, pattern):
    answer = reader.get(f"/knowledge/patterns/{pattern.slug}")
    assert answer.status_code == 200
    assert answer.context["pattern"] is pattern
    page = answer.content.decode()
    assert page.count('<figure class="code">') == 2
    assert "When not" in page
    assert "not used yet" in page


def test_the_list_is_narrowed_by_theme_and_kind(reader):
    rows = reader.get("/knowledge?theme=caching&kind=class").context["rows"]
    assert rows
    assert {(pattern.theme, pattern.kind) for pattern, _, _ in rows} == {("caching", "class")}
    assert len(reader.get("/knowledge?theme=cooking&kind=x").context["rows"]) == len(PATTERNS)
    page = reader.get("/knowledge?theme=money&q=levenshtein").content.decode()
    assert "No pattern has any of these words" in page


def test_the_code_is_shown_under_other_names_or_a_sentence_says_why_not(reader):
    page = reader.get("/knowledge/patterns/iban-checksum?is_valid_iban=check_account&LENGTHS={'DE':+22}")
    assert page.context["code"].startswith("LENGTHS = {'DE': 22}\n\n\ndef check_account(text: str)")
    assert "Show its own" in page.content.decode()
    page = reader.get("/knowledge/patterns/iban-checksum?text=class")
    assert "cannot be a name in Python" in page.content.decode()
    assert "def is_valid_iban(text" in page.context["code"]


def test_the_antipatterns_are_listed(reader):
    page = reader.get("/knowledge/antipatterns").content.decode()
    assert page.count('class="table__title"') == len(ANTIPATTERNS)


@pytest.mark.parametrize("antipattern", ANTIPATTERNS, ids=lambda one: one.slug)
def test_each_antipattern_is_shown_with_what_is_found_and_what_to_write_instead(reader, antipattern):
    page = reader.get(f"/knowledge/antipatterns/{antipattern.slug}").content.decode()
    assert page.count('<figure class="code">') == 2
    assert "Line " in page


def test_an_antipattern_that_is_not_there_is_not_found(reader):
    assert reader.get("/knowledge/antipatterns/no-such-rule").status_code == 404


def test_a_pattern_that_is_not_there_is_not_found(reader):
    assert reader.get("/knowledge/patterns/no-such-pattern").status_code == 404


def test_the_list_asks_the_database_as_often_for_one_pattern_as_for_all(reader):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(address).status_code == 200
        return len(captured)

    queries("/knowledge")
    assert queries("/knowledge") == queries("/knowledge?q=luhn") <= 8


def test_who_has_no_role_is_refused_and_recorded(stranger):
    assert stranger.get("/knowledge").status_code == 403
    for address in ("patterns/clamp", "antipatterns", "antipatterns/bare-except"):
        assert stranger.get(f"/knowledge/{address}").status_code == 403
    assert AuditEvent.objects.filter(outcome="denied").count() == 4


def test_who_is_not_signed_in_is_asked_to(db):
    assert Client().get("/knowledge").status_code == 302
    assert Client().get("/knowledge/patterns/clamp").status_code == 302
