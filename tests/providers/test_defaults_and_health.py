"""What a fresh platform has, and who is asked."""

from __future__ import annotations

import json

import pytest

from apps.providers.local.catalogue import LARGE, SMALL, own_models
from apps.providers.models import Provider
from apps.providers.selectors import local_models, provider_health, providers_enabled
from apps.providers.services import provider_defaults_ensure
from nofx.env import Environment
from tests.shop import approved

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings, tmp_path, monkeypatch):
    settings.NOFX_HOME = tmp_path
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "models").mkdir()
    return tmp_path


@pytest.fixture
def told(home):
    """Write what the serving process would."""

    def tell(**models):
        (home / "models" / "state.json").write_text(
            json.dumps({name.replace("_", "-"): m for name, m in models.items()})
        )

    return tell


def names(providers):
    return {provider.name for provider in providers}


def test_a_fresh_platform_has_the_builtin_the_local_and_the_openai_providers():
    assert set(provider_defaults_ensure()) == {"patterns", "reuse", "synthesis", SMALL.name, LARGE.name, "openai"}


def test_a_second_start_adds_nothing_and_changes_nothing():
    provider_defaults_ensure()
    Provider.objects.filter(name="synthesis").update(is_enabled=False, samples=3)
    assert provider_defaults_ensure() == []
    row = Provider.objects.get(name="synthesis")
    assert (row.is_enabled, row.samples) == (False, 3)


def test_before_a_key_and_a_model_are_there_the_builtin_providers_serve():
    provider_defaults_ensure()
    assert names(providers_enabled()) == {"patterns", "reuse", "synthesis"}


def test_openai_is_asked_once_its_key_is_set_and_somebody_approved_it(monkeypatch):
    provider_defaults_ensure()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    assert "openai" not in names(providers_enabled())
    Provider.objects.filter(name="openai").update(**approved())
    assert "openai" in names(providers_enabled())


def test_a_local_model_is_asked_once_it_is_served(told):
    provider_defaults_ensure()
    told(**{SMALL.name.replace("-", "_"): {"state": "serving", "address": "http://127.0.0.1:9999/v1"}})
    assert SMALL.name in names(providers_enabled())
    assert LARGE.name not in names(providers_enabled())


def test_what_is_switched_off_is_not_asked():
    provider_defaults_ensure()
    Provider.objects.filter(name="patterns").update(is_enabled=False)
    assert names(providers_enabled()) == {"reuse", "synthesis"}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"state": "downloading", "bytes": 30, "total": 100}, "Being fetched: 30 %."),
        ({"state": "failed", "error": "The disk is full."}, "The disk is full."),
        ({"state": "removed"}, "Removed."),
        ({"state": "serving", "address": "http://127.0.0.1:9/v1"}, "Ready."),
    ],
)
def test_the_health_of_a_local_model_is_a_sentence(told, state, sentence):
    told(tiny=state)
    assert provider_health(Provider(name="tiny", model_id="tiny", kind="local")).sentence == sentence


def test_health_names_the_variable_that_is_missing():
    row = Provider(name="x", kind="openai", base_url="https://x.example/v1", model_id="m", key_variable="X_KEY")
    assert provider_health(row).sentence == "Waits for its key in X_KEY."


@pytest.mark.parametrize("content", ["", "{", "[]", '{"tiny": 5}', '{"tiny": {"state": 5, "bytes": "x", "odd": 1}}'])
def test_a_state_file_that_is_odd_is_no_error(home, content):
    (home / "models" / "state.json").write_text(content)
    assert all(model.state == "waiting" and model.bytes == 0 for model in local_models())


def test_the_home_page_gets_percentages_and_addresses(told):
    told(tiny={"state": "downloading", "bytes": 1, "total": 3, "source": "official home", "label": "Tiny"})
    (model,) = local_models()
    assert (model.percent, model.label, model.source, model.is_ready) == (33, "Tiny", "official home", False)


def test_own_files_get_a_provider_each(settings, monkeypatch):
    settings.ENVIRONMENT = Environment({"NOFX_LOCAL_MODEL_PATHS": "/data/My Model.Q4.gguf"})
    assert "my-model-q4" in provider_defaults_ensure()


def test_own_files_never_take_the_name_of_an_official_model():
    assert own_models([f"/data/{SMALL.name}.gguf"]) == ()
    assert [model.name for model in own_models(["/a/x.gguf", "/b/x.gguf", "/c/§.gguf"])] == ["x", "model"]
