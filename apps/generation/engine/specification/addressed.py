"""
Text that is meant for a language model rather than for whoever writes the code.

The forms are those of prompt injections (Perez and Ribeiro, "Ignore Previous Prompt", 2022; Greshake et al., AISec
2023): taking back what was said before, asking for what is hidden, giving another part to play, speaking as somebody
else, hiding something from people, and marks that only a model's template or nobody at all can see.
"""

from __future__ import annotations

import re

MAX_PLACES = 10
_SAID_BEFORE = (
    r"(?:previous|prior|preceding|earlier|above|foregoing|former|existing|original|initial|system|other|safety)"
)
_ORDERS = r"(?:instructions?|prompts?|directions?|directives?|guidelines?|guardrails?|orders|messages?)"
_FORMS = re.compile(
    "|".join(
        (
            rf"\b(?:ignore|disregard|forget|override|bypass|skip|neglect)\s+(?:(?:all|any|every|each|of|the|your|these|those|my|"
            rf"our)\s+){{0,4}}{_SAID_BEFORE}\s+(?:{_SAID_BEFORE}\s+)?{_ORDERS}\b",
            rf"\b(?:ignore|disregard|forget|override|bypass)\s+(?:all\s+|any\s+)?(?:of\s+)?your\s+(?:{_ORDERS}|rules|training)\b",
            r"\b(?:ignore|disregard|forget)\s+(?:everything|anything|all|what)\s+(?:(?:that\s+)?(?:was|is|you\s+were|"
            r"you\s+have\s+been|i|we)\s+)?(?:said|told|written|above|before)\b",
            rf"\b(?:reveal|print|show|repeat|output|leak|disclose|tell\s+me|return|give\s+me)\s+(?:me\s+)?"
            rf"(?:(?:the|your)\s+(?:full\s+|entire\s+|exact\s+)?(?:system|hidden|secret|initial|original|developer)\s+"
            rf"{_ORDERS}|your\s+{_ORDERS})\b",
            r"\byou\s+are\s+(?:now|no\s+longer)\s+(?:an?|the|in|bound|restricted|dan)\b",
            r"\b(?:pretend|act)\s+(?:to\s+be|that\s+you\s+are|as\s+if\s+you\s+(?:are|were|had))\b",
            r"\b(?:developer|jailbreak|dan|god)\s+mode\b|\bjailbreak\b|\bas\s+an\s+ai\b|\blanguage\s+model\s*[,:]",
            r"\b(?:do\s+not|don't|never|without)\s+(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?\s+(?:this|it)\s+to|"
            r"reveal(?:ing)?\s+(?:this|it)\s+to|alert(?:ing)?|show(?:ing)?\s+(?:this|it)\s+to)\s+(?:the\s+|any\s+|your\s+)?"
            r"(?:users?|reviewers?|humans?|people|anyone|anybody|author|operator|developers?)\b",
            r"(?m:^)[ \t>*#]{0,9}(?:system|assistant|developer)[ \t]{0,9}:[ \t]{0,9}\S",
            r"<\|[\w-]{1,40}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<\uff5c[^<>\n]{1,40}\uff5c>",
            # Direction marks and tags, which a reader does not see.
            r"[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]+",
        )
    ),
    re.IGNORECASE,
)


def addressed_places(text: str) -> list[tuple[int, int]]:
    """Return where (half-open) *text* speaks to a model, in reading order, at most :data:`MAX_PLACES`."""
    found: list[tuple[int, int]] = []
    for hit in _FORMS.finditer(text):
        found.append(hit.span())
        if len(found) == MAX_PLACES:
            break
    return found
