"""``python -m apps.providers.local``: fetch and serve local models until SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from apps.core.errors import NofxError
from apps.providers.local.catalogue import CHOICES, own_models
from apps.providers.local.supervise import LocalModels


def main() -> int:
    """Run with what the environment says; return the exit code."""
    choice = os.environ.get("NOFX_LOCAL_MODELS") or "all"
    if choice not in CHOICES:
        print(f"NOFX_LOCAL_MODELS must be one of {', '.join(CHOICES)}, not {choice!r}.", file=sys.stderr)
        return 2
    paths = [path.strip() for path in os.environ.get("NOFX_LOCAL_MODEL_PATHS", "").split(",") if path.strip()]
    folder = Path(os.environ.get("NOFX_HOME") or ".nofx").absolute() / "models"
    models = LocalModels(folder, CHOICES[choice], own_models(paths))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: models.stop.set())
    try:
        models.run()
    except NofxError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
