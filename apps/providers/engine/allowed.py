"""Which providers a policy lets a repository ask, and what it would have done to the requests of the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AskedBefore:
    """
    The requests of the past under a policy: all of them, those that would have asked nobody, and fewer than they did.

    ``refused`` are the requests, by provider, that asked one who is not allowed.
    """

    requests: tuple[str, ...]
    nobody: tuple[str, ...]
    fewer: tuple[str, ...]
    refused: Mapping[str, tuple[str, ...]]


def allowed_before(calls: Iterable[tuple[str, str]], allowed: Collection[str] | None) -> AskedBefore:
    """Return what a policy that allows *allowed* (None: everyone) would have done to *calls* (request, provider)."""
    asked: dict[str, set[str]] = defaultdict(set)
    for request, provider in calls:
        asked[request].add(provider)
    left = {request: ours if allowed is None else ours & set(allowed) for request, ours in asked.items()}
    refused: dict[str, list[str]] = defaultdict(list)
    for request, ours in asked.items():
        for provider in ours - left[request]:
            refused[provider].append(request)
    return AskedBefore(
        requests=tuple(asked),
        nobody=tuple(request for request in asked if not left[request]),
        fewer=tuple(request for request, ours in asked.items() if left[request] and left[request] != ours),
        refused={provider: tuple(requests) for provider, requests in refused.items()},
    )
