"""What fits into a prompt: symbols whole or as their first lines, never cut in the middle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from apps.generation.engine.secrets import redact

CHARACTERS_A_TOKEN = 3  # of code, for the tokenizers of today's models; prose has about four
FENCE = 40  # tokens of the lines around a piece
_LARGEST_SHARE = 0.4  # of the whole budget, for one symbol


def tokens(text: str) -> int:
    """Return about how many tokens *text* has, rather too many than too few."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A symbol that may help, and ``reasons`` why.

    "named" in the specification, "similar" to it, "caller" or "callee" of what is to be changed, "caller of similar" or
    "callee of similar".
    """

    path: str
    qualname: str
    kind: str
    signature: str
    docstring: str
    source: str
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]

    def heading(self) -> str:
        """Return the form without a body."""
        first_paragraph = self.docstring.partition("\n\n")[0]
        note = f"\n    # {' '.join(first_paragraph.split())}" if first_paragraph else ""
        return f"{self.signature}: ...{note}"


class Purse:
    """Tokens that are spent piece by piece; secrets are struck out of what is bought."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self.left_out = 0
        self.redacted: Counter[str] = Counter()

    def cost(self, text: str) -> int:
        """Return the tokens of *text* in its fence; nothing costs nothing."""
        return tokens(text) + FENCE if text.strip() else 0

    def spend(self, text: str) -> bool:
        """Pay for *text* if there is enough left, and return whether there was."""
        cost = self.cost(text)
        if self.used + cost > self.budget:
            self.left_out += 1
            return False
        self.used += cost
        return True

    def redact(self, text: str) -> str:
        """Return *text* without its secrets, which are counted."""
        clean = redact(text)
        self.redacted += clean.found
        return clean.text

    def take(self, piece: Piece, *, is_heading: bool = False) -> dict[str, object] | None:
        """
        Return *piece* as it is frozen, whole or as its heading; None where neither fits. *is_heading* asks for that.

        A symbol that would need more than two fifths of the whole budget is taken by its heading.
        """
        clean = redact(piece.source)
        parts = {"signature": redact(piece.signature), "docstring": redact(piece.docstring)}
        shown = replace(piece, signature=parts["signature"].text, docstring=parts["docstring"].text)
        is_small = self.cost(clean.text) <= self.budget * _LARGEST_SHARE
        if not is_heading and is_small and self.used + self.cost(clean.text) <= self.budget:
            form, text, found = "whole", clean.text, clean.found
        else:
            form, text = "signature", shown.heading()
            found = parts["signature"].found + parts["docstring"].found
        if not self.spend(text):
            return None
        self.redacted += found
        return {
            "path": shown.path,
            "name": shown.name,
            "qualname": shown.qualname,
            "kind": shown.kind,
            "signature": shown.signature,
            "docstring": shown.docstring,
            "source": text,
            "form": form,
            "tokens": tokens(text),
            "reasons": list(shown.reasons),
        }
