"""How much can go wrong, and therefore how many people must look."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.generation.engine.specification.model import RiskTier, Specification

_SENSITIVE_PATH = re.compile(
    r"(?:^|[/_.-])(?:auth\w*|login|security|crypt\w*|secrets?|tokens?|passwords?|payments?|billing|permissions?|"
    r"sandbox|deploy\w*|migrations?|settings|\.github|\.ci|ci|dockerfile|terraform)(?:[/_.-]|$)",
    re.IGNORECASE,
)
_SENSITIVE_TEXT = re.compile(
    r"\b(?:passwords?|credentials?|private keys?|encrypt\w*|decrypt\w*|authenticat\w+|authoris\w+|authoriz\w+|"
    r"payments?|credit card|personal data|migrat(?:e|ion) (?:the )?(?:data|database|table)|drop table|"
    r"delete (?:all|user)|sudo|shell command|subprocess)\b",
    re.IGNORECASE,
)
_HARMLESS_PATH = re.compile(r"(?:^|/)(?:tests?|docs?|examples?)/|(?:^|/)test_[^/]*$|\.(?:md|rst|txt)$", re.IGNORECASE)
MANY_PATHS = 10
UNCLEAR = 50


def risk_tier(specification: Specification, *, paths: Sequence[str]) -> RiskTier:
    """
    Return the risk tier of changing *paths* (existing files of the repository) for *specification*.

    The first rule that applies decides:

    * high: a path or the text touches authentication, secrets, cryptography, payments, permissions, personal data,
      migrations, deployment or the sandbox; or more than ten files change;
    * medium: an existing file other than a test or a document changes; or the clarity score is under 50; or nothing
      in the specification can be run, so that no behaviour protects the reviewer; or it contradicts itself;
    * low: everything else, such as a new function with examples.
    """
    if len(paths) > MANY_PATHS or any(_SENSITIVE_PATH.search(path) for path in paths):
        return RiskTier.HIGH
    if _SENSITIVE_TEXT.search(f"{specification.title}\n{specification.text}"):
        return RiskTier.HIGH
    changes_code = any(not _HARMLESS_PATH.search(path) for path in paths)
    is_unclear = specification.clarity.score < UNCLEAR or specification.clarity.conflicts < 100
    if changes_code or is_unclear or not specification.is_executable:
        return RiskTier.MEDIUM
    return RiskTier.LOW
