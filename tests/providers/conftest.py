"""A small model that is published twice, as the official ones are: at a home, and in parts in a package index."""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.providers.local.catalogue import IndexParts, Model
from tests.fault_server import FaultServer
from tests.people import person, scope
from tests.providers.file_server import FileServer

__all__ = ["person", "scope"]

PARTS = 3
CONTENT = random.Random(5).randbytes(3_000_000)  # noqa: S311  the same bytes in every run


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def home() -> Iterator[FileServer]:
    with FileServer(CONTENT) as running:
        yield running


@pytest.fixture
def model(home: FileServer) -> Model:
    return Model(
        name="tiny",
        label="Tiny",
        filename="tiny.gguf",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        home_url=home.url,
        parts=IndexParts("nofx-test-model-part", PARTS, "1.0"),
        licence="none",
    )


MakeWheel = Callable[[int, dict[str, bytes]], Path]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def make_wheel(index: Path) -> MakeWheel:
    def make(number: int, files: dict[str, bytes]) -> Path:
        name = f"nofx_test_model_part{number}"
        info = f"{name}-1.0.dist-info"
        path = index / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            for inner, data in files.items():
                wheel.writestr(inner, data)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        return path

    return make


@pytest.fixture
def published_parts(make_wheel: MakeWheel) -> None:
    """The parts, each with a trap that would go off if anything in a wheel were imported."""
    size = -(-len(CONTENT) // PARTS)
    for number in range(1, PARTS + 1):
        piece = CONTENT[(number - 1) * size : number * size]
        half = len(piece) // 2
        make_wheel(
            number,
            {
                "nofx_test_model/__init__.py": b"raise SystemExit('a wheel was imported')",
                # Text order would put part10 before part9.
                "nofx_test_model/data/part10.bin": piece[half:],
                "nofx_test_model/data/part9.bin": piece[:half],
                "nofx_test_model/data/part.bin": b"not a part",
                "nofx_test_model/data/part1.bin.txt": b"not a part either",
            },
        )
