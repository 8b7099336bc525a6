"""One example for each body and answer of the generation track, shown in the document of the API."""

from __future__ import annotations

from typing import Any

CLUMSY = "def is_even(n: int) -> bool:\n    if n % 2 == 0:\n        return True\n    else:\n        return False\n"
SIMPLER = "def is_even(n: int) -> bool:\n    if n % 2 == 0:\n        return True\n    return False\n"
GENERATED: dict[str, Any] = {
    "implementation": "def slugify(text: str) -> str:\n    return '-'.join(text.lower().split())\n",
    "tests": "from shop.slugs import slugify\n\n\ndef test_slugify() -> None:\n    assert slugify('A b') == 'a-b'\n",
    "documentation": "# slugify\n\nTurns a title into a slug.\n",
    "performance_profile": None,
    "security_assessment": {"score": 1.0, "checks": []},
}
GENERATION_REQUEST: dict[str, Any] = {
    "title": "Slugs for page titles",
    "specification": "Write `def slugify(text: str) -> str`.\n\n>>> slugify('A b')\n'a-b'",
    "context": {"repository": "demo", "target_path": "shop/slugs.py"},
    "constraints": {"forbidden": ["python-slugify"], "performance": ["O(n)"]},
    "target_language": "python",
    "quality_requirements": {"coverage": 90, "complexity": 8},
}

GENERATION_ACCEPTED: dict[str, Any] = {
    "request_id": "req_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
    "job_id": "3f2c5d1e-9b7a-4c55-8f00-6d1f0c2a7b11",
    "status": "queued",
    "risk_tier": "low",
    "url": "/requests/0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
}

SPECIFICATION_IN: dict[str, Any] = {
    "title": "Slugs",
    "specification": "Write `def slugify(text: str) -> str`.\n\n>>> slugify('A b')\n'a-b'",
    "repository": "demo",
}

SPECIFICATION_ANALYSIS: dict[str, Any] = {
    "entry": "slugify",
    "is_executable": True,
    "signatures": ["def slugify(text: str) -> str"],
    "classes": [],
    "examples": 1,
    "criteria": [],
    "target_language": "python",
    "language_name": "Python",
    "language_reason": "the text shows code of it",
    "constraints": [],
    "quality": [],
    "non_goals": [],
    "issues": [
        {
            "kind": "missing_edge",
            "start": 0,
            "end": 5,
            "message": "Nothing is said about the empty text.",
            "question": "What is the result for an empty text?",
            "suggestion": "slugify('') -> ''",
            "is_certain": False,
        }
    ],
    "clarity": {
        "score": 70,
        "completeness": 60,
        "ambiguity": 100,
        "testability": 100,
        "conflicts": 100,
        "size": 100,
    },
    "size_warning": None,
    "known_symbols": [],
    "risk_tier": "low",
    "blockers": [],
    "model_reading": None,
}

TESTS_IN: dict[str, Any] = {
    "specification": "Write `def slugify(text: str) -> str`.\n\n>>> slugify('A b')\n'a-b'",
    "module": "shop.slugs",
}

TESTS_OUT: dict[str, Any] = {
    "artifact_id": "art_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
    "test_code": GENERATED["tests"],
    "examples": 1,
    "url": "/requests/direct/0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
}

REFACTOR_IN: dict[str, Any] = {"title": "Evenness", "code": CLUMSY}

REFACTOR_OUT: dict[str, Any] = {
    "artifact_id": "art_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
    "patch": "diff --git a/code.py b/code.py\n…",
    "code": SIMPLER,
    "fixes": [{"rule": "RET505", "message": "Unnecessary `else` after `return` statement", "line": 4}],
    "equal_on_inputs": 29,
    "functions": ["is_even"],
    "inputs_by_function": {"is_even": 29},
    "left_out": [],
    "reason": "",
    "url": "/requests/direct/0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
}

VOTE_IN: dict[str, Any] = {
    "specification": "Write `double(n: int) -> int`.\ndouble(2) == 4",
    "candidates": [
        {"name": "a", "code": "def double(n):\n    return n * 2\n"},
        {"name": "b", "code": "def double(n):\n    return n ** 2\n"},
    ],
}

VOTE: dict[str, Any] = {
    "selected": "a",
    "score": 0.81,
    "sureness": None,
    "standing": "divided",
    "is_compared": True,
    "clusters": [
        {"label": "1", "members": ["a"], "share": 0.5, "examples_passed": 1, "examples_total": 1},
        {"label": "2", "members": ["b"], "share": 0.5, "examples_passed": 0, "examples_total": 1},
    ],
    "distinguishing": {
        "call": "double(3)",
        "origin": "fuzz",
        "expected": None,
        "outputs": [{"label": "1", "text": "returns 6"}, {"label": "2", "text": "returns 9"}],
    },
    "selectors": {"consensus": "a", "unweighted": "a", "baseline": "a", "text_majority": "a"},
    "reasons": ["It passes 1 of 1 examples.", "1 candidate passes fewer, whatever their number."],
    "inputs": {"example": 1, "generated_test": 0, "fuzz": 60},
    "failed": [{"name": "c", "reason": "The code does not parse: line 1, '(' was never closed."}],
}

CONSENSUS_OUT: dict[str, Any] = {
    "request_id": "req_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
    "status": "in_review",
    "failure": "",
    "remedy": "",
    "human_approved": None,
    "code": GENERATED["implementation"],
    "generated": GENERATED,
    "vote": None,
    "cost": None,
    "calls": 3,
}

WITHDRAWAL_IN: dict[str, Any] = {"reason": "Another team wrote it meanwhile."}

WITHDRAWN: dict[str, Any] = {
    "request_id": "req_0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
    "status": "cancelled",
    "remedy": "Change the specification to begin anew.",
}
