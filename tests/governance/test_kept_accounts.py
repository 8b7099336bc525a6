"""What is kept for ever names accounts by number, and is read with the names that they have by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.governance.engine.accounts import account_kept, accounts_in, accounts_told, words_kept
from apps.governance.models import User
from apps.governance.selectors.names import accounts_named
from apps.governance.services import audit_record
from apps.governance.types import Role

SENTENCE = f"{account_kept(7)} objected: no. {account_kept(12)} stepped aside."


def test_numbers_become_names_and_stay_numbers_where_there_is_none():
    assert accounts_in(SENTENCE) == {7, 12}
    assert accounts_told(SENTENCE, {7: "Ada"}) == "Ada objected: no. [account 12] stepped aside."


@pytest.mark.parametrize("text", ["", "[account ]", "[account 0]", "[account -1]", "account 7", f"[account {10**19}]"])
def test_other_words_stay_as_they_are(text: str):
    assert (accounts_in(text), accounts_told(text, {7: "Ada"})) == (set(), text)


def test_a_name_that_looks_like_a_number_is_not_read_again():
    assert accounts_told(account_kept(7), {7: account_kept(8), 8: "Grace"}) == account_kept(8)


def test_what_somebody_wrote_is_never_read_as_an_account():
    assert words_kept("Ask [account 7].") == "Ask (account 7)."
    assert accounts_in(words_kept(f"{account_kept(7)}{account_kept(8)}")) == set()


@pytest.mark.django_db
def test_many_texts_take_one_query(person: Callable[..., User], django_assert_num_queries: Callable[[int], Any]):
    ada, grace = person("ada", first_name="Ada"), person("grace")
    texts = [f"{account_kept(ada.pk)} objected.", f"{account_kept(grace.pk)} did not.", "Nobody did."]
    with django_assert_num_queries(1):
        told = accounts_named(texts)
    assert [told(text) for text in texts] == ["Ada objected.", "grace did not.", "Nobody did."]
    with django_assert_num_queries(0):
        accounts_named(["Nobody did."])


@pytest.mark.django_db
def test_the_audit_page_reads_them_with_names(client, person: Callable[..., User], organisation):
    ada = person("ada", Role.AUDITOR, where=organisation, first_name="Ada")
    reason = f"{account_kept(ada.pk)} objected."
    audit_record(action="gate.decide", object_kind="gate", object_id=1, actor=None, scope=organisation, reason=reason)
    client.force_login(ada)
    audit_record(action="gate.withdraw", object_kind="gate", object_id=2, actor=None, scope=organisation, reason=reason)
    page = client.get(reverse("governance:audit-list")).content.decode()
    assert page.count("Ada objected.") == page.count(reason) == 1
