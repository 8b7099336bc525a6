"""``nofx sandbox probe``: what this machine offers, what is missing, and the remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from apps.sandbox.services import sandbox_probe


def main(arguments: Sequence[str] = ()) -> int:
    """Print the probe, as JSON with ``--json``; 0 when untrusted code can be run here, 1 when not."""
    unknown = [argument for argument in arguments if argument != "--json"]
    if unknown:
        print(f"Unknown argument: {unknown[0]}. The only one is --json.", file=sys.stderr)
        return 2
    probe = sandbox_probe()
    if "--json" in arguments:
        facts = {"available": probe.available, "missing": probe.missing, "remedy": probe.remedy}
        print(json.dumps(facts | {"details": dict(probe.details)}))
    else:
        print("The sandbox holds." if probe.available else "The sandbox is not available; nothing untrusted is run.")
        for line in probe.missing:
            print(f"  missing: {line}")
        if probe.remedy:
            print(f"  remedy: {probe.remedy}")
        for name, value in probe.details.items():
            print(f"  {name}: {value}")
    return 0 if probe.available else 1
