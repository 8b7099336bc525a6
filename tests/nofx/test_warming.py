"""The web process takes its slow parts into use when its first page has gone out, once."""

from __future__ import annotations

import threading

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections

from apps.repositories.gateways import minilm
from nofx import warming


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(warming, "warm", lambda: names.append(threading.current_thread().name))
    return names


def finish_a_page() -> None:
    """Say that a page went out, as the test client does: what counts sandbox runs then keeps its connection."""
    request_finished.disconnect(close_old_connections)
    try:
        request_finished.send(sender=None)
    finally:
        request_finished.connect(close_old_connections)
    for thread in threading.enumerate():
        if thread.name == "warming":
            thread.join()


@pytest.mark.django_db
def test_nothing_is_loaded_before_the_first_page(warmed):
    warming.warm_after_first_answer()
    assert warmed == []
    finish_a_page()
    assert warmed == ["warming"]


@pytest.mark.django_db
def test_later_pages_load_nothing_again(warmed):
    warming.warm_after_first_answer()
    finish_a_page()
    finish_a_page()
    assert warmed == ["warming"]


def test_the_first_submission_finds_the_sentence_model_loaded():
    warming.warm()
    assert minilm._session.cache_info().currsize == 1
