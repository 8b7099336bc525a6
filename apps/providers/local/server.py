"""
One model served in the OpenAI protocol by llama.cpp, on this machine's own address only.

``python -m apps.providers.local.server FILE NAME ADDRESS_FILE THREADS``: once it answers, its base URL is in
ADDRESS_FILE.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import signal
import sys
from pathlib import Path

from apps.providers.local.errors import ServingImpossible

CONTEXT = 4096
SLOTS = 1
_PR_SET_PDEATHSIG = 1
_NICE = 5


def require_llama() -> None:
    """
    Make sure that models can be served here.

    :raises ServingImpossible: the optional package is not installed.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise ServingImpossible(
            "Local models need the package xllamacpp, which is not installed.",
            remedy="Install NOFX with its extra: pip install 'nofx[local]'.",
        )


def serve(path: Path, name: str, address_file: Path, threads: int) -> None:
    """Load the model, write down where it answers, and stay until SIGTERM."""
    signals = {signal.SIGTERM, signal.SIGINT}
    # llama.cpp starts threads: what they must not receive is blocked before they are born.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    # Optional: only this process needs it, and only where local models are wanted.
    llama = importlib.import_module("xllamacpp")
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.model_alias = [name]
    parameters.n_ctx, parameters.n_parallel = CONTEXT * SLOTS, SLOTS
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.warmup = False
    parameters.verbosity = 0
    running = llama.Server(parameters)
    fresh = address_file.with_suffix(".new")
    fresh.write_text(f"{running.listening_address}/v1")
    fresh.replace(address_file)
    signal.sigwait(signals)
    # Its threads do not end by themselves, and there is nothing to save.
    os._exit(0)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends, however that ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    file, alias, where, cores, started_by = sys.argv[1:]
    die_with(int(started_by))
    os.nice(_NICE)
    serve(Path(file), alias, Path(where), int(cores))
