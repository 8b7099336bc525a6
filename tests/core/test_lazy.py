"""A module that loads at its first use: from any thread, whole, and looking like the module it stands for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.lazy import lazy_module

NAME = "nofx_test_heavy"


@pytest.fixture(autouse=True)
def _heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / f"{NAME}.py").write_text("import time\nfirst = 1\ntime.sleep(0.05)\nlast = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop(NAME, None)


def test_nothing_is_loaded_until_something_is_asked_for():
    module = lazy_module(NAME)
    assert NAME not in sys.modules
    assert module.last == 2
    assert NAME in sys.modules


def test_threads_that_come_at_once_all_see_the_whole_module():
    module = lazy_module(NAME)
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(module.last)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [2] * 8


def test_what_a_module_has_not_is_missing_as_usual():
    with pytest.raises(AttributeError, match="nothing"):
        _ = lazy_module(NAME).nothing
