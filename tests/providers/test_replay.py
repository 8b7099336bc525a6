"""Recorded answers: found by the prompt's digest, labelled, and never mistaken for a model's."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.builtin.replay import Replay
from apps.providers.engine.recordings import Recording, RecordingsUnreadable, recording_line, recordings_read
from apps.providers.models import ModelCall, Provider
from apps.providers.selectors import provider_health, providers_enabled
from apps.providers.services import answers_generate, prompt_digest, provider_defaults_ensure
from apps.providers.types import Answer, Cancelled, CodeTask, Message, ProviderRefused, ProviderUnavailable
from nofx.env import Environment

TASK = CodeTask(title="t", text="x", messages=(Message("user", "Return twice the number."),))
CODE = "def double(value):\n    return 2 * value\n"
DIGEST = prompt_digest(TASK)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recorded.jsonl"


@pytest.fixture
def environment(settings):
    """Set variables of the environment for one test."""

    def set_to(**values):
        settings.ENVIRONMENT = Environment({**settings.ENVIRONMENT, **{name: str(one) for name, one in values.items()}})

    return set_to


def replay(path, task=TASK, sample=0, cancelled=lambda: False):
    return Replay("replay", path).generate(task, sample=sample, seed=0, cancelled=cancelled)


def ask(provider, task=TASK):
    got = []
    answers_generate(
        task=task,
        samples=[(provider, 0)],
        subject_kind="request",
        subject_id=uuid.uuid4(),
        seed=1,
        cancelled=lambda: False,
        on_answer=lambda provider_id, sample, answer: got.append(answer),
    )
    return got[0]


@given(st.text(), st.text(), st.booleans())
def test_what_is_recorded_is_read_back(model, text, is_truncated):
    recording = Recording(model, text, is_truncated)
    line = recording_line(DIGEST, recording)
    assert line.count("\n") == 1
    assert recordings_read([line, "\n", line]) == {DIGEST: (recording, recording)}


@pytest.mark.parametrize("line", ["{", "[]", "7", "null", "[" * 100_000, json.dumps({"prompt_digest": "x" * 64})])
def test_a_line_that_is_no_recording_is_named(line):
    with pytest.raises(RecordingsUnreadable, match="line 2 "):
        recordings_read([recording_line(DIGEST, Recording("m", "t")), line])


def test_an_answer_is_given_to_the_same_prompt_only_and_says_that_it_was_recorded(path):
    path.write_text(recording_line(DIGEST, Recording("big-model", CODE, True)))
    answer = replay(path)
    assert (answer.text, answer.model_id, answer.cost, answer.is_truncated) == (CODE, "recorded/big-model", 0, True)
    assert answer.note == "Recorded: big-model gave this answer to the same prompt before. No model was asked."
    with pytest.raises(ProviderRefused, match="no answer recorded"):
        replay(path, CodeTask(title="t", text="something else"))


def test_several_answers_to_a_prompt_are_the_samples(path):
    path.write_text("".join(recording_line(DIGEST, Recording("m", text)) for text in ("one", "two")))
    assert [replay(path, sample=number).text for number in (0, 1)] == ["one", "two"]
    with pytest.raises(ProviderRefused, match="only 2 answers"):
        replay(path, sample=2)


@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe"])
def test_recordings_that_cannot_be_read_are_said_to_be(path, content):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProviderUnavailable, match="cannot be read"):
        replay(path)


def test_without_a_file_it_names_the_setting_and_stopped_it_says_so(path):
    with pytest.raises(ProviderUnavailable, match="NOFX_RECORDED_ANSWERS"):
        replay(None)
    with pytest.raises(Cancelled):
        replay(path, cancelled=lambda: True)


@pytest.mark.django_db
def test_what_a_model_answers_is_recorded_where_that_is_wanted_and_replayed_through_the_same_door(
    server, path, environment
):
    server.answers([CODE])
    model = Provider.objects.create(name="one", kind="openai", base_url=server.url, model_id="one", max_tokens=100)
    ask(model)
    assert not path.exists()
    environment(NOFX_RECORD_ANSWERS=path, NOFX_RECORDED_ANSWERS=path)
    ask(model)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Return twice" not in path.read_text()
    assert "replay" in provider_defaults_ensure()
    answer = ask(Provider.objects.get(name="replay"))
    assert isinstance(answer, Answer)
    assert (answer.text, answer.model_id) == (CODE, "recorded/one")
    call = ModelCall.objects.get(provider__name="replay")
    assert (call.model_id, call.cost, call.outcome) == ("recorded/one", 0, "answered")
    assert len(path.read_text().splitlines()) == 1
    assert len(server.requests) == 2


@pytest.mark.django_db
def test_a_disk_that_refuses_costs_the_recording_and_not_the_answer(server, path, environment, caplog):
    server.answers([CODE])
    environment(NOFX_RECORD_ANSWERS=path / "no" / "folder")
    model = Provider.objects.create(name="one", kind="openai", base_url=server.url, model_id="one", max_tokens=100)
    assert isinstance(ask(model), Answer)
    assert "could not be recorded" in caplog.text


@pytest.mark.django_db
def test_without_recordings_it_is_neither_there_nor_asked():
    assert "replay" not in provider_defaults_ensure()
    row = Provider.objects.create(name="replay", kind="builtin", model_id="replay")
    assert provider_health(row).sentence == "Waits for a file of recordings in NOFX_RECORDED_ANSWERS."
    assert row not in providers_enabled()
