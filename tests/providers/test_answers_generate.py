"""Asking everybody: in parallel, recorded call by call, one failure never the others' business."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core.clock import now
from apps.providers.models import ModelCall, Provider
from apps.providers.services import answers_generate, builtins, prompt_digest, provider_register_builtin
from apps.providers.types import Answer, Cancelled, CodeTask, Example, Message, ProviderFailure
from tests.fault_server import Fault

pytestmark = pytest.mark.django_db

TASK = CodeTask(
    title="double",
    text="Return twice the number.",
    entry="double",
    signature="def double(value: int) -> int",
    examples=(Example((2,), {}, 4), Example((3,), {}, 6), Example((0,), {}, 0)),
    messages=(Message("user", "Return twice the number."),),
)
CODE = "def double(value: int) -> int:\n    return 2 * value\n"


@pytest.fixture
def make_provider(server):
    def make(name, **values):
        defaults = {"kind": "openai", "base_url": server.url, "model_id": name, "max_tokens": 100, "timeout_s": 20}
        return Provider.objects.create(name=name, **{**defaults, **values})

    return make


@pytest.fixture
def ask():
    """Ask and return what was handed over, as (provider id, sample) to answer or failure."""
    subject = uuid.uuid4()

    def run(samples, cancelled=lambda: False, on_answer=None, task=TASK):
        got = {}

        def keep(provider_id, sample, answer):
            got[provider_id, sample] = answer
            if on_answer:
                on_answer(provider_id, sample, answer)

        run.count = answers_generate(
            task=task,
            samples=samples,
            subject_kind="request",
            subject_id=subject,
            seed=1,
            cancelled=cancelled,
            on_answer=keep,
        )
        return got

    run.subject = subject
    return run


def test_every_sample_of_every_provider_is_handed_over(server, make_provider, ask):
    server.answers([CODE])
    one, two = make_provider("one"), make_provider("two")
    got = ask([(one, 0), (one, 1), (two, 0)])
    assert set(got) == {(one.pk, 0), (one.pk, 1), (two.pk, 0)}
    assert all(isinstance(answer, Answer) and answer.text == CODE for answer in got.values())
    assert ask.count == 3


def test_each_call_is_a_row_with_what_is_known_about_it(server, make_provider, ask):
    server.answers([CODE])
    ask([(make_provider("one"), 0)])
    call = ModelCall.objects.get()
    assert (call.subject_kind, call.subject_id, call.sample_index) == ("request", ask.subject, 0)
    assert (call.outcome, call.error, call.model_id) == ("answered", "", "one")
    assert len(call.prompt_digest) == len(call.answer_digest) == 64
    assert call.prompt_tokens and call.completion_tokens and call.latency_ms > 0
    assert call.cost is None


def test_a_call_is_written_down_before_it_is_made_and_no_sooner(server, make_provider, ask):
    server.answers([Fault.slow(CODE, seconds=0.02)])
    seen = []

    def look():
        seen.append(sorted(ModelCall.objects.values_list("outcome", flat=True)))
        return False

    provider = make_provider("one", max_concurrency=1)
    ask([(provider, 0), (provider, 1)], cancelled=look)
    assert seen[0] == ["under_way"]
    assert all(outcomes.count("under_way") <= 1 for outcomes in seen)
    assert list(ModelCall.objects.values_list("outcome", flat=True)) == ["answered"] * 2


def test_what_an_interrupted_round_waited_for_is_abandoned_when_the_next_begins(server, make_provider, ask):
    server.by_prompt(lambda request: CODE if request.body["model"] == "quick" else Fault.hang())
    quick, other = make_provider("quick"), make_provider("other")

    def die(*_):
        raise SystemExit

    with pytest.raises(SystemExit):
        ask([(quick, 0), (other, 0)], on_answer=die)
    assert sorted(ModelCall.objects.values_list("outcome", flat=True)) == ["answered", "under_way"]
    server.answers([CODE])
    ask([(other, 0)])
    calls = ModelCall.objects.filter(provider=other, sample_index=0)
    assert sorted(calls.values_list("outcome", flat=True)) == ["abandoned", "answered"]
    abandoned = ModelCall.objects.get(outcome="abandoned")
    assert (abandoned.cost, abandoned.seconds, abandoned.prompt_tokens) == (None, None, None)
    assert abandoned.error


def test_calls_for_other_subjects_are_nobodys_business(server, make_provider, ask):
    server.answers([CODE])
    provider = make_provider("one")
    call = ModelCall.objects.create(
        provider=provider, subject_kind="request", subject_id=uuid.uuid4(), sample_index=0, outcome="under_way"
    )
    ask([(provider, 0)])
    call.refresh_from_db()
    assert call.outcome == "under_way"


def test_one_failure_does_not_stop_the_others(server, make_provider, ask):
    server.by_prompt(lambda request: Fault.failure(404) if request.body["model"] == "bad" else CODE)
    good, bad = make_provider("good"), make_provider("bad")
    got = ask([(bad, 0), (good, 0), (bad, 1)])
    assert isinstance(got[good.pk, 0], Answer)
    assert isinstance(got[bad.pk, 0], ProviderFailure) and isinstance(got[bad.pk, 1], ProviderFailure)
    failed = ModelCall.objects.filter(outcome="failed")
    assert failed.count() == 2
    assert "404" in failed.first().error


def test_a_timeout_is_recorded_as_one(server, make_provider, ask):
    server.answers([Fault.hang()])
    ask([(make_provider("late", timeout_s=1), 0)])
    assert ModelCall.objects.get().outcome == "timeout"


def test_answers_arrive_as_they_come_and_not_at_the_end(server, make_provider, ask):
    seen = []

    def decide(request):
        if request.body["model"] == "slow":
            return Fault.slow(CODE, seconds=0.02)
        return CODE

    server.by_prompt(decide)
    slow, quick = make_provider("slow"), make_provider("quick")
    answered = ModelCall.objects.filter(outcome="answered")
    ask([(slow, 0), (quick, 0)], on_answer=lambda provider_id, *_: seen.append((provider_id, answered.count())))
    assert seen == [(quick.pk, 1), (slow.pk, 2)]


def test_a_provider_is_asked_no_more_than_its_limit_at_once(server, make_provider, ask):
    server.answers([Fault.slow(CODE, seconds=0.005)])
    provider = make_provider("one", max_concurrency=2)
    ask([(provider, sample) for sample in range(6)])
    assert len(server.requests) == 6
    assert server.most_at_once == 2


def test_providers_are_asked_beside_one_another(server, make_provider, ask):
    server.answers([Fault.slow(CODE, seconds=0.02)])
    ask([(make_provider(f"p{number}", max_concurrency=1), 0) for number in range(4)])
    assert server.most_at_once >= 3


def test_stopping_ends_what_runs_and_begins_nothing_more(server, make_provider, ask):
    server.answers([Fault.hang()])
    provider = make_provider("one", max_concurrency=1)
    started = time.monotonic()
    got = ask([(provider, sample) for sample in range(5)], cancelled=lambda: bool(server.requests))
    assert time.monotonic() - started < 10
    assert [type(answer) for answer in got.values()] == [Cancelled]
    assert [call.outcome for call in ModelCall.objects.all()] == ["cancelled"]
    assert len(server.requests) == 1


def test_an_error_while_an_answer_is_kept_ends_the_round_and_its_calls(server, make_provider, ask):
    server.by_prompt(lambda request: CODE if request.body["model"] == "quick" else Fault.hang())
    quick, hanging = make_provider("quick"), make_provider("hanging")

    def refuse(*_):
        raise RuntimeError("disk full")

    started = time.monotonic()
    with pytest.raises(RuntimeError, match="disk full"):
        ask([(quick, 0), (hanging, 0)], on_answer=refuse)
    assert time.monotonic() - started < 10
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ask-")]


def test_a_mistake_in_a_providers_own_code_costs_its_sample_only(server, make_provider, ask, caplog, monkeypatch):
    monkeypatch.setattr(builtins, "_factories", dict(builtins._factories))

    class Broken:
        name, kind = "broken", "builtin"

        def generate(self, *_, **__):
            raise ZeroDivisionError("secret detail")

    provider_register_builtin("broken", lambda provider: Broken())
    server.answers([CODE])
    broken, good = make_provider("broken", kind="builtin", base_url=""), make_provider("good")
    got = ask([(broken, 0), (good, 0)])
    assert isinstance(got[good.pk, 0], Answer)
    assert "secret detail" not in str(got[broken.pk, 0])
    assert "ZeroDivisionError" in caplog.text


def test_an_unknown_builtin_provider_is_a_failure_with_a_sentence(make_provider, ask):
    provider = make_provider("old", kind="builtin", base_url="")
    got = ask([(provider, 0)])
    assert "no built-in provider named old" in str(got[provider.pk, 0])


def test_a_local_model_that_is_not_served_says_so(make_provider, ask, settings, tmp_path):
    settings.NOFX_HOME = tmp_path
    provider = make_provider("tiny", kind="local", base_url="")
    got = ask([(provider, 0)])
    assert "not ready" in str(got[provider.pk, 0])


def test_nothing_to_ask_is_no_error(ask):
    assert ask([]) == {}


def test_an_answer_with_strange_characters_can_be_recorded(server, make_provider, ask):
    server.answers(["\ud800 \x00 def f(): ..."])
    got = ask([(make_provider("one"), 0)])
    assert len(got) == 1
    assert ModelCall.objects.get().outcome == "answered"


def test_the_key_is_in_no_row(server, make_provider, ask, monkeypatch):
    monkeypatch.setenv("FAULTY_KEY", "sk-test-0123456789abcdefghijklmnop")
    server.answers([Fault.echo_key()])
    ask([(make_provider("one", key_variable="FAULTY_KEY"), 0)])
    assert "sk-test" not in str(list(ModelCall.objects.values()))
    assert "[key]" in ModelCall.objects.get().error


def test_equal_prompts_have_equal_digests_and_others_have_not():
    assert prompt_digest(TASK) == prompt_digest(TASK)
    other = CodeTask(title="double", text=TASK.text, messages=(Message("user", "Something else."),))
    assert prompt_digest(TASK) != prompt_digest(other)


def test_the_synthesiser_answers_from_examples_alone_and_is_free(make_provider, ask):
    provider = make_provider("synthesis", kind="builtin", base_url="", model_id="synthesis")
    (answer,) = ask([(provider, 0)]).values()
    assert "def double(value)" in answer.text
    assert ModelCall.objects.get().cost == Decimal(0)


def test_a_built_in_provider_without_an_answer_is_free_too(make_provider, ask):
    provider = make_provider("synthesis", kind="builtin", base_url="", model_id="synthesis")
    ask([(provider, 0)], task=replace(TASK, examples=()))
    call = ModelCall.objects.get()
    assert (call.outcome, call.cost) == ("failed", Decimal(0))


def test_the_pattern_library_answers_what_it_knows(make_provider, ask):
    provider = make_provider("patterns", kind="builtin", base_url="", model_id="patterns")
    task = CodeTask(title="Slugs", text="Turn a title into a slug for a URL: lower case, words joined by dashes.")
    (answer,) = ask([(provider, 0)], task=task).values()
    assert isinstance(answer, Answer), answer
    assert "def " in answer.text


def test_calls_of_other_rounds_count_towards_the_limit_and_samples_wait_for_their_turn(server, make_provider, ask):
    server.answers([CODE])
    provider = make_provider("one", max_concurrency=1, timeout_s=5)
    other = ModelCall.objects.create(
        provider=provider, subject_kind="request", subject_id=uuid.uuid4(), sample_index=0, outcome="under_way"
    )
    looked = []

    def look():
        looked.append(len(server.requests))
        if len(looked) == 3:
            ModelCall.objects.filter(pk=other.pk).update(outcome="answered")
        return False

    ask([(provider, 0)], cancelled=look)
    assert looked[:3] == [0, 0, 0]
    assert len(server.requests) == 1


def test_a_call_whose_worker_died_keeps_its_place_for_a_while_only(server, make_provider, ask):
    server.answers([CODE])
    provider = make_provider("one", max_concurrency=1, timeout_s=5)
    dead = ModelCall.objects.create(
        provider=provider, subject_kind="request", subject_id=uuid.uuid4(), sample_index=0, outcome="under_way"
    )
    ModelCall.objects.filter(pk=dead.pk).update(created_at=now() - timedelta(seconds=66))
    assert isinstance(ask([(provider, 0)])[provider.pk, 0], Answer)


def test_no_more_calls_begin_in_a_minute_than_the_limit_allows(server, make_provider, ask):
    server.answers([CODE])
    provider = make_provider("one", max_concurrency=8, calls_per_minute=2)
    looked = []

    def look():
        looked.append(len(server.requests))
        if len(looked) == 6:
            ModelCall.objects.update(created_at=now() - timedelta(seconds=61))
        return False

    ask([(provider, sample) for sample in range(4)], cancelled=look)
    assert max(looked[:6]) == 2
    assert len(server.requests) == 4


def test_samples_that_wait_for_their_turn_can_be_stopped(server, make_provider, ask):
    provider = make_provider("one", calls_per_minute=1)
    ModelCall.objects.create(
        provider=provider, subject_kind="request", subject_id=uuid.uuid4(), sample_index=0, outcome="answered"
    )
    asked = []
    got = ask([(provider, 0)], cancelled=lambda: len(asked) > 2 or asked.append(1))
    assert (got, server.requests) == ({}, [])
