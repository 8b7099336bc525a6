"""Reuse as a provider: what exists is found by running it, proposed as a call, and marked."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.gateways import reuse
from apps.generation.gateways.reuse import Reuse
from apps.generation.models import Candidate, CodeGenerationRequest
from apps.governance.models import User
from apps.providers.models import Provider
from apps.providers.selectors import providers_enabled
from apps.providers.types import Cancelled, CodeTask, Example, ProviderRefused, ProviderTimeout
from tests.fault_server import FaultServer
from tests.shop import FILES, work_off

HOSTILE = (
    "import sys\n\n"
    "def cents_spin(text):\n    while True:\n        pass\n\n"
    "def cents_end(text):\n    raise SystemExit\n\n"
    "def cents_lie(text):\n    frame = sys._getframe()\n"
    "    while 'numbers' not in frame.f_locals and frame.f_back:\n"
    "        found = frame.f_locals.get('found')\n"
    "        if isinstance(found, list):\n            found.extend(range(9))\n        frame = frame.f_back\n"
)
CENTS = [(("1.50",), 150), (("3",), 300), (("0.05",), 5)]


def task(entry, examples, signature=None, text="", files=FILES, path="shop/new.py"):
    return CodeTask(
        title=text,
        text=text,
        entry=entry,
        signature=signature,
        examples=tuple(Example(args, {}, expected) for args, expected in examples),
        base_files=files,
        target_path=path,
    )


def ask(asked, sample=0, seconds=30.0, cancelled=lambda: False):
    return Reuse("reuse", seconds).generate(asked, sample=sample, seed=0, cancelled=cancelled)


def test_a_function_of_the_repository_is_imported_from_where_it_lives():
    answer = ask(task("cents", CENTS, "def cents(amount: str) -> int", "The cents of an amount."))
    assert "from shop.money import parse_amount" in answer.text
    assert "return parse_amount(amount)" in answer.text
    assert (answer.model_id, answer.cost) == ("reuse/shop.money.parse_amount", 0)
    assert answer.note == (
        "Reuse: calls shop.money.parse_amount of this repository as it is; run in the sandbox, "
        "it satisfies all 3 examples."
    )


def test_in_the_same_file_it_is_called_without_an_import():
    answer = ask(task("cents", CENTS, "def cents(amount: str) -> int", path="shop/money.py"))
    assert "import" not in answer.text


@pytest.mark.parametrize(
    ("entry", "examples", "text", "call"),
    [
        ("common", [((12, 18), 6), ((7, 3), 1), ((100, 75), 25)], "greatest common divisor, gcd", "gcd(first, second)"),
        ("at", [(("b", "abc"), 1), (("z", "abc"), -1), (("c", "abc"), 2)], "find", "str.find(second, first)"),
        ("down", [(([3, 1, 2],), [3, 2, 1]), (([5, 9],), [9, 5]), (([],), [])], "sorted",
         "sorted(value, reverse=True)"),
        ("words", [(("a b",), ["a", "b"]), (("x  y",), ["x", "y"]), (("'",), ["'"])], "split", "str.split(value)"),
        ("pairs", [(([1, 2], "ab"), [(1, "a"), (2, "b")]), (([], ""), []), (([5], "z"), [(5, "z")])], "zip",
         "list(zip(first, second))"),
    ],
)  # fmt: skip
def test_the_standard_library_is_called_or_adapted_thinly(entry, examples, text, call):
    assert f"return {call}\n" in ask(task(entry, examples, text=text)).text


def test_an_installed_dependency_that_the_repository_imports_is_found():
    files = {**FILES, "shop/text.py": "import pygments.util\n"}
    found = reuse.functions_in(["markupsafe"], reuse.Origin.DEPENDENCY)
    assert "markupsafe.escape" in {one.full_name for one in found} or found == []
    files["shop/text.py"] = "import markupsafe\n"
    examples = [(("<b>",), 3), (("a",), 1), (("&&",), 2)]
    answer = ask(task("size", examples, text="soft escape", files=files))
    assert "len(value)" in answer.text


def test_one_example_is_called_weak_evidence():
    answer = ask(task("ordered", [(([3, 1],), [1, 3])], text="sorted"))
    assert "Weak evidence: only one example" in answer.note


def test_the_next_sample_is_the_next_function_and_then_there_is_none():
    asked = task("common", [((12, 18), 6), ((7, 3), 1), ((100, 75), 25)], text="gcd")
    with pytest.raises(ProviderRefused, match="Only 1 function"):
        ask(asked, sample=1)


@pytest.mark.slow
def test_a_repository_that_never_ends_ends_or_lies_hides_nothing_and_proves_nothing():
    files = {**FILES, "shop/evil.py": HOSTILE}
    answer = ask(task("cents", CENTS, "def cents(amount: str) -> int", files=files))
    assert "parse_amount" in answer.text


def test_what_changes_its_arguments_is_not_proposed():
    files = {"a.py": "def last(items):\n    return items.pop() * 1000003\n"}
    with pytest.raises(ProviderRefused, match="No function"):
        ask(task("end", [(([1, 2],), 2000006), (([5],), 5000015)], files=files))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (task("f", []), "none for a function"),
        (task(None, CENTS), "none for a function"),
        (task("f", CENTS, "def f(*a)"), "could not tell"),
        (task("f", [(("a",), None)]), "expects a value"),
        (task("f", [(("qz",), "no such thing")]), "No function"),
        (task("f", [((object(),), 1)]), "cannot pass"),
    ],
)
def test_without_something_to_go_by_it_says_why(asked, words):
    with pytest.raises(ProviderRefused, match=words):
        ask(asked)


def test_it_stops_when_it_is_told_to_and_when_its_time_is_over():
    with pytest.raises(Cancelled):
        ask(task("cents", CENTS), cancelled=lambda: True)
    started = time.monotonic()
    with pytest.raises(ProviderTimeout, match="0 seconds"):
        ask(task("cents", CENTS), seconds=0)
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_is_asked_first_and_its_candidate_is_marked(
    submit: Callable[..., CodeGenerationRequest],
    provider: Provider,
    server: FaultServer,
    client: Client,
    engineer: User,
    owner: User,
) -> None:
    Provider.objects.create(name="zz-existing", kind="builtin", model_id="reuse", timeout_s=60)
    assert providers_enabled()[0].name == "zz-existing"
    server.answers(["```python\ndef cents(amount: str) -> int:\n    return 0\n```"])
    text = "Write `def cents(amount: str) -> int` for an amount.\n\n>>> cents('1.50')\n150\n>>> cents('3')\n300\n"
    request = submit(text, title="Cents of an amount")
    work_off(request)
    first = Candidate.objects.get(request=request, ordinal=0)
    assert (first.model_id, first.examples_passed) == ("reuse/shop.money.parse_amount", 2)
    assert first.note.startswith("Reuse: calls shop.money.parse_amount of this repository")
    assert "Weak evidence: only 2 examples" in first.note
    assert "from shop.money import parse_amount" in first.patch
    assert all(words not in first.patch for words in ("Reuse", "Weak evidence", "came about", "exists already"))
    review = reverse("generation:review", args=[request.pk])
    client.force_login(owner)
    assert "Reuse: calls shop.money.parse_amount" not in client.get(review).content.decode()
    client.force_login(engineer)
    assert "Reuse: calls shop.money.parse_amount" in client.get(review).content.decode()
