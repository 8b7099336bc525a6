"""What an endpoint may do to us, and what a person is told about it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from apps.providers.engine.retry import RetryPolicy
from apps.providers.gateways.openai_compatible import OpenAICompatible
from apps.providers.types import (
    AnswerUnusable,
    Cancelled,
    CodeTask,
    Message,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from tests.fault_server import Fault, FaultServer

KEY = "sk-test-0123456789abcdefghijklmnop"
CODE = "def double(x):\n    return 2 * x\n"
TASK = CodeTask(
    title="double",
    text="Return twice the number.",
    messages=(Message("system", "Write Python."), Message("user", "Return twice the number.")),
)
QUICK = RetryPolicy(attempts=3, base_s=0.01, longest_s=0.02, longest_wish_s=0.05)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def provider(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> OpenAICompatible:
    monkeypatch.setenv("FAULTY_KEY", KEY)
    return OpenAICompatible(
        name="faulty",
        kind="openai",
        base_url=server.url,
        model_id="tiny",
        key_variable="FAULTY_KEY",
        max_tokens=200,
        timeout_s=20,
        retries=QUICK,
    )


def ask(provider: OpenAICompatible, cancelled: Callable[[], bool] = lambda: False, sample: int = 0):
    return provider.generate(TASK, sample=sample, seed=7, cancelled=cancelled)


def test_an_answer_comes_with_its_model_tokens_and_time(server, provider):
    server.answers([CODE])
    answer = ask(provider)
    assert answer.text == CODE
    assert answer.model_id == "tiny"
    assert answer.prompt_tokens and answer.completion_tokens
    assert answer.cost is None
    assert answer.latency_ms > 0
    assert not answer.is_truncated


def test_the_whole_prompt_and_the_key_are_sent(server, provider):
    server.answers([CODE])
    ask(provider, sample=2)
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert [message["role"] for message in request.body["messages"]] == ["system", "user"]
    assert request.body["max_tokens"] == 200


def test_the_first_sample_is_greedy_and_the_others_differ_by_seed_and_temperature(server, provider):
    server.answers([CODE])
    for sample in range(3):
        ask(provider, sample=sample)
    assert [request.body["temperature"] for request in server.requests] == [0.0, 0.8, 0.8]
    assert len({request.body["seed"] for request in server.requests}) == 3


def test_no_key_variable_means_no_authorization_header(server, provider):
    server.answers([CODE])
    ask(replace(provider, key_variable=""))
    assert "authorization" not in server.requests[0].headers


def test_a_key_that_is_not_set_is_named_before_anything_is_sent(server, provider, monkeypatch):
    monkeypatch.delenv("FAULTY_KEY")
    with pytest.raises(ProviderUnavailable, match="FAULTY_KEY"):
        ask(provider)
    assert server.requests == []


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_value_that_cannot_be_a_key_is_refused_without_being_shown(server, provider, monkeypatch, key):
    monkeypatch.setenv("FAULTY_KEY", key)
    with pytest.raises(ProviderRefused, match="FAULTY_KEY") as caught:
        ask(provider)
    assert key not in str(caught.value)


def test_a_key_in_the_env_file_is_read_when_the_process_has_none(server, provider, monkeypatch, tmp_path):
    monkeypatch.delenv("FAULTY_KEY")
    (tmp_path / ".env").write_text("FAULTY_KEY=from-the-file\n")
    monkeypatch.chdir(tmp_path)
    server.answers([CODE])
    ask(provider)
    assert server.requests[0].headers["authorization"] == "Bearer from-the-file"


@pytest.mark.parametrize(
    "fault",
    [
        Fault.too_many(),
        Fault.too_many(retry_after="0"),
        Fault.too_many(retry_after="soon"),
        Fault.failure(500),
        Fault.failure(503, "<html>down</html>"),
        Fault.drop(),
        Fault.cut("def dou"),
        Fault.unfinished("def dou"),
        Fault.error_in_stream(),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.retry_after}",
)
def test_what_may_pass_is_tried_again(server, provider, fault):
    server.answers([fault, fault, CODE])
    assert ask(provider).text == CODE
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "fault", [Fault.too_many(), Fault.failure(502), Fault.drop(), Fault.cut("x")], ids=lambda fault: fault.kind
)
def test_retries_end(server, provider, fault):
    server.answers([fault])
    with pytest.raises(ProviderUnavailable, match="faulty"):
        ask(provider)
    assert len(server.requests) == QUICK.attempts


def test_the_wait_a_server_asks_for_is_kept(server, provider):
    server.answers([Fault.too_many(retry_after="0.3"), CODE])
    started = time.monotonic()
    ask(replace(provider, retries=replace(QUICK, longest_wish_s=5)))
    assert time.monotonic() - started >= 0.3


def test_a_wait_longer_than_the_time_left_is_not_begun(server, provider):
    server.answers([Fault.too_many(retry_after="3600")])
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="429"):
        ask(replace(provider, timeout_s=5, retries=replace(QUICK, longest_wish_s=60)))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_repeated(server, provider, status):
    server.answers([Fault.failure(status, '{"error": {"message": "No such model."}}')])
    with pytest.raises(ProviderRefused, match="No such model"):
        ask(provider)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"error": "request (9040 tokens) exceeds the available context size (4096 tokens), try increasing it"}',
        '{"error": {"message": "The maximum context length is 8 tokens.", "code": "context_length_exceeded"}}',
    ],
)
def test_a_request_that_is_too_long_for_the_model_says_so_plainly(server, provider, body):
    server.answers([Fault.failure(400, body)])
    with pytest.raises(ProviderRefused, match="longer than what faulty can read"):
        ask(provider)


def test_a_used_up_quota_is_not_repeated(server, provider):
    server.answers([Fault.failure(429, '{"error": {"message": "Quota used up.", "code": "insufficient_quota"}}')])
    with pytest.raises(ProviderRefused, match="Quota used up"):
        ask(provider)
    assert len(server.requests) == 1


def test_a_model_that_declines_is_reported_in_its_words(server, provider):
    server.answers([Fault.refusal("I cannot help with that.")])
    with pytest.raises(ProviderRefused, match="cannot help"):
        ask(provider)


def test_a_parameter_the_model_does_not_know_is_renamed_or_left_out(server, provider):
    names = ["max_tokens", "temperature", "seed", "stream_options"]
    server.answers([*(Fault.unknown_parameter(name) for name in names), CODE])
    assert ask(provider).text == CODE
    last = server.requests[-1].body
    assert last["max_completion_tokens"] == 200
    assert not set(names) & set(last)


def test_a_server_that_refuses_every_parameter_is_asked_a_bounded_number_of_times(server, provider):
    server.answers([Fault.unknown_parameter("max_tokens")])
    with pytest.raises(ProviderRefused):
        ask(provider)
    assert len(server.requests) == 2


def test_a_redirect_is_not_followed(server, provider):
    with FaultServer() as elsewhere:
        server.answers([Fault.redirect(elsewhere.url)])
        with pytest.raises(ProviderRefused, match="307"):
            ask(provider)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.invalid_json(), "not valid JSON"),
        (Fault.invalid_json("[" * 100_000), "not valid JSON"),
        (Fault.empty_choice(), "empty"),
        (Fault.wrong_content_type(), "text/html"),
        (Fault.compressed(), "compressed"),
        (Fault.huge(), "longer than"),
        (Fault.not_streaming("  "), "empty"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_what_is_no_answer_is_refused_with_a_sentence(server, provider, fault, words):
    server.answers([fault])
    with pytest.raises(AnswerUnusable, match=words):
        ask(provider)
    assert len(server.requests) == 1


def test_a_stream_without_any_choice_counts_as_broken_off(server, provider):
    server.answers([Fault.no_choices()])
    with pytest.raises(ProviderUnavailable, match="broke its answer off"):
        ask(provider)


def test_an_error_with_a_50_mb_body_is_not_read_to_its_end(server, provider):
    server.answers([Fault.huge_failure()])
    with pytest.raises(AnswerUnusable, match="longer than"):
        ask(provider)


def test_a_server_that_does_not_stream_is_understood(server, provider):
    server.answers([Fault.not_streaming(CODE)])
    answer = ask(provider)
    assert answer.text == CODE
    assert answer.completion_tokens


def test_an_endless_answer_ends_at_the_token_limit(server, provider):
    server.answers([Fault.endless()])
    answer = ask(provider)
    assert answer.is_truncated
    assert len(answer.text) <= 16 * 200
    assert answer.completion_tokens is None


def test_an_answer_cut_at_the_servers_limit_says_so(server, provider):
    server.answers([Fault.truncated("def double(")])
    assert ask(provider).is_truncated


@pytest.mark.parametrize("fault", [Fault.hang(), Fault.hang_after("def "), Fault.slow(CODE * 50)], ids=lambda f: f.kind)
def test_time_runs_out_however_the_server_spends_it(server, provider, fault):
    server.answers([fault])
    started = time.monotonic()
    with pytest.raises(ProviderTimeout, match=r"0\.5 seconds"):
        ask(replace(provider, timeout_s=0.5))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("fault", [Fault.hang(), Fault.hang_after("def "), Fault.slow(CODE * 50)], ids=lambda f: f.kind)
def test_a_call_can_be_stopped_at_any_moment(server, provider, fault):
    server.answers([fault])
    started = time.monotonic()
    with pytest.raises(Cancelled):
        ask(provider, cancelled=lambda: bool(server.requests))
    assert time.monotonic() - started < 3


def test_a_call_that_was_stopped_before_it_began_sends_nothing(server, provider):
    with pytest.raises(Cancelled):
        ask(provider, cancelled=lambda: True)
    assert server.requests == []


def test_a_call_can_be_stopped_while_it_waits_to_try_again(server, provider):
    server.answers([Fault.too_many(retry_after="30")])
    stopped = threading.Event()
    threading.Timer(0.3, stopped.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        ask(replace(provider, timeout_s=60, retries=RetryPolicy()), cancelled=stopped.is_set)
    assert time.monotonic() - started < 5


def test_nobody_listening_is_said_plainly(provider):
    with FaultServer() as gone:
        address = gone.url
    with pytest.raises(ProviderUnavailable, match="could not be reached"):
        ask(replace(provider, base_url=address))


def _everything(error: BaseException) -> str:
    seen: list[str] = []
    while error:
        seen += [str(error), repr(error), repr(error.args), repr(vars(error))]
        error = None if error.__suppress_context__ and not error.__cause__ else error.__cause__ or error.__context__  # type: ignore[assignment]  # the walk ends with None
    return "\n".join(seen)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.echo_key(401),
        Fault.echo_key(400),
        Fault.echo_key(500),
        Fault.echo_key(429),
        Fault.error_in_stream(f"Who uses {KEY}?"),
        Fault.refusal(f"I will not work for {KEY}."),
        Fault.failure(401, f'{{"error": {{"message": "Wrong key: {KEY[:8]}****{KEY[-4:]}"}}}}'),
        Fault.hang(),
        Fault.drop(),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_key_is_in_no_error_no_log_and_no_repr(server, provider, fault, caplog):
    caplog.set_level(logging.DEBUG)
    server.answers([fault])
    with pytest.raises(Exception) as caught:
        ask(replace(provider, timeout_s=1))
    shown = "\n".join([_everything(caught.value), caplog.text, repr(provider), str(provider)])
    assert "faulty" in shown
    assert KEY not in shown
    assert KEY[:8] not in shown


def test_a_key_is_in_no_log_when_all_goes_well(server, provider, caplog):
    caplog.set_level(logging.DEBUG)
    server.answers([CODE])
    answer = ask(provider)
    assert KEY not in caplog.text + repr(answer)


class TestWithoutStreaming:
    """The same adversities from a server that sends one whole completion."""

    def test_an_endpoint_that_refuses_to_stream_is_asked_for_a_whole_answer(self, server, provider):
        server.by_prompt(lambda request: Fault.unknown_parameter("stream") if "stream" in request.body else CODE)
        assert ask(provider).text == CODE
        assert not {"stream", "stream_options"} & set(server.requests[-1].body)
        assert len(server.requests) == 2

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.too_many(retry_after="0"),
            Fault.too_many(retry_after=format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)),
            Fault.failure(500),
            Fault.drop(),
            Fault.cut(CODE).whole,
            Fault.unfinished(CODE).whole,
        ],
        ids=lambda fault: f"{fault.kind}-{fault.status}",
    )
    def test_what_may_pass_is_tried_again(self, server, provider, fault):
        server.answers([fault, fault, Fault.not_streaming(CODE)])
        assert ask(provider).text == CODE
        assert len(server.requests) == 3

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Fault.invalid_json().whole, "not valid JSON"),
            (Fault.invalid_json("[" * 100_000).whole, "not valid JSON"),
            (Fault.empty_choice().whole, "empty"),
            (Fault.huge().whole, "longer than"),
        ],
        ids=lambda value: value.kind if isinstance(value, Fault) else "",
    )
    def test_what_is_no_answer_is_refused_with_a_sentence(self, server, provider, fault, words):
        server.answers([fault])
        with pytest.raises(AnswerUnusable, match=words):
            ask(provider)
        assert len(server.requests) == 1

    def test_a_completion_without_any_choice_counts_as_broken_off(self, server, provider):
        server.answers([Fault.no_choices().whole])
        with pytest.raises(ProviderUnavailable, match="broke its answer off"):
            ask(provider)

    def test_an_answer_cut_at_the_servers_limit_says_so(self, server, provider):
        server.answers([Fault.truncated("def double(").whole])
        answer = ask(provider)
        assert (answer.text, answer.is_truncated) == ("def double(", True)

    def test_an_answer_that_is_too_long_ends_at_our_limit(self, server, provider):
        server.answers([Fault.not_streaming("x = 1\n" * 10_000)])
        answer = ask(provider)
        assert answer.is_truncated
        assert len(answer.text) == 16 * 200

    @pytest.mark.parametrize(
        "fault",
        [Fault.hang(), Fault.hang_after(CODE).whole, Fault.slow(CODE, seconds=0.05).whole],
        ids=lambda fault: fault.kind,
    )
    def test_time_runs_out_and_a_call_can_be_stopped_in_the_middle(self, server, provider, fault):
        server.answers([fault])
        started = time.monotonic()
        with pytest.raises(ProviderTimeout, match=r"0\.5 seconds"):
            ask(replace(provider, timeout_s=0.5))
        seen = len(server.requests)
        with pytest.raises(Cancelled):
            ask(provider, cancelled=lambda: len(server.requests) > seen)
        assert time.monotonic() - started < 15


def test_a_wait_until_a_date_is_kept(server, provider, monkeypatch):
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    monkeypatch.setattr("apps.providers.gateways.openai_compatible.now", lambda: moment)
    server.answers([Fault.too_many(format_datetime(moment + timedelta(seconds=1), usegmt=True)), CODE])
    started = time.monotonic()
    policy = RetryPolicy(attempts=3, base_s=0.0, longest_s=0.0, longest_wish_s=30)
    assert ask(replace(provider, retries=policy)).text == CODE
    assert time.monotonic() - started >= 0.9
