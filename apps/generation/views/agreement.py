"""What the candidates' agreement amounts to, said the same way in the banner, the tally and the table of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from apps.generation.engine.calibration import ENOUGH
from apps.generation.engine.consensus import Standing
from apps.generation.engine.votes import entropy
from apps.generation.models import Candidate, CodeGenerationConsensus
from apps.generation.selectors import Lettered
from apps.generation.services.calibration import JUDGED_HERE

OTHER_CHOICES = {"unweighted": "all votes alike", "baseline": "best record"}
TELLING = frozenset({"baseline"})
RATED = "probability of being right; informs, never approves"
RATED_BEFORE = "score of an earlier version, not a probability"
NOTES = {
    Standing.SINGLE: "There is one candidate only, so there was no consensus to reach.",
    Standing.NOT_COMPARED: (
        "No behaviour could be compared, so there was no consensus to reach. "
        "What is up for approval was chosen by its checks and its author's record."
    ),
    Standing.FAILED: (
        "No candidate works on any input, so there was no consensus to reach. What is up for approval fails as well."
    ),
}


def standing_of(consensus: CodeGenerationConsensus) -> Standing | None:
    """Return the standing that was recorded, None for a vote from before it was."""
    name = (consensus.voting_details or {}).get("standing")
    return Standing(name) if name else None


def is_compared(consensus: CodeGenerationConsensus | None) -> bool:
    """Return False only where a vote says that no behaviour could be compared."""
    return consensus is None or bool((consensus.voting_details or {}).get("is_compared", True))


def standing_words(consensus: CodeGenerationConsensus) -> str:
    """Return the standing in words where there is no score to show."""
    standing = standing_of(consensus)
    return standing.label if standing and consensus.consensus_score is None else ""


def agreement_banner(consensus: CodeGenerationConsensus) -> str:
    """Return the sentence that has to be read before the evidence, or nothing."""
    standing = standing_of(consensus)
    if standing is Standing.AGREED and (consensus.voting_details or {}).get("candidates") == 1:
        return "All answers are the same program, so there is one candidate to look at."
    return NOTES.get(standing, "") if standing else ""


def agreement_tally(
    consensus: CodeGenerationConsensus, chosen: Lettered, letters: Mapping[str, str], *, is_visible: bool
) -> dict[str, Any]:
    """
    Return the card of the models' vote; it has a number only where the vote was rated.

    Whose program the best record would have chosen tells of its author, and waits until authors are visible.
    """
    details = consensus.voting_details or {}
    facts = [("programs", details.get("candidates", 0)), ("groups", len(details.get("clusters", [])))]
    favourite = letters.get(details.get("selected") or "", "")
    if favourite and favourite != chosen.letter:
        facts.append(("models chose", favourite))
    facts += [("entropy", f"{entropy(one['share'] for one in details.get('clusters', [])):.2f} bits")]
    facts += _other_choices(details.get("selectors") or {}, letters, is_visible=is_visible)
    is_rated = consensus.consensus_score is not None
    sureness = details.get("sureness")
    if sureness:
        facts.append(("95 % interval", f"{sureness['low']:.2f} to {sureness['high']:.2f}"))
    words = standing_words(consensus).capitalize() or "No score"
    return {
        "have": consensus.consensus_score,
        "unit": words if not is_rated else RATED if sureness else RATED_BEFORE,
        "facts": facts if details.get("is_compared") else facts[:1],
        "note": " ".join([*details.get("reasons", []), rests_on(sureness)]).strip(),
    }


def _other_choices(
    selectors: Mapping[str, str | None], letters: Mapping[str, str], *, is_visible: bool
) -> list[tuple[str, str]]:
    """Return what simpler rules would have chosen."""
    names = [name for name in OTHER_CHOICES if is_visible or name not in TELLING]
    found = [(OTHER_CHOICES[name], letters.get(selectors.get(name) or "", "")) for name in names]
    return [(words, letter) for words, letter in found if letter]


def rests_on(sureness: Mapping[str, Any] | None) -> str:
    """Return the sentence that says where a probability comes from; nothing where there is none."""
    if not sureness:
        return ""
    day = date.fromisoformat(sureness["as_of"])
    when = f"{day.day} {day:%B %Y}"
    if sureness["rests_on"] == JUDGED_HERE:
        return (
            f"The probability rests on {sureness['judged']} requests that people judged here, the last on {when}, "
            f"and on {sureness['problems']} public problems."
        )
    judged = sureness["judged"]
    so_far = "none has been" if not judged else "1 has been" if judged == 1 else f"{judged} have been"
    return (
        f"The probability comes from {sureness['problems']} public problems (fitted {when}) until {ENOUGH} requests "
        f"with one are judged here; so far {so_far}."
    )


def letters_by_id(shown: Sequence[Lettered], candidates: Sequence[Candidate]) -> dict[str, str]:
    """Return the letter of each candidate's program: copies of a program go by the letter of the one that is shown."""
    letters = {one.candidate.pk: one.letter for one in shown}
    return {
        str(candidate.pk): letters[program]
        for candidate in candidates
        if (program := candidate.duplicate_of_id or candidate.pk) in letters
    }


def behaviour_groups(consensus: CodeGenerationConsensus, letters: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the groups of equal behaviour with the letters of their programs and the number of copies."""
    details = consensus.voting_details or {}
    outputs = {item["label"]: item["text"] for item in (details.get("distinguishing") or {}).get("outputs", [])}
    return [_group(cluster, letters, outputs.get(cluster["label"], "")) for cluster in details.get("clusters", [])]


def _group(cluster: dict[str, Any], letters: Mapping[str, str], output: str) -> dict[str, Any]:
    programs = sorted({letters[member] for member in cluster["members"] if member in letters})
    return {
        **cluster,
        "letters": programs,
        "copies": len(cluster["members"]) - len(programs),
        "percent": round(100 * cluster["share"]),
        "output": output,
    }


def examples_banner(chosen: Lettered, shown: Sequence[Lettered]) -> str:
    """Return what has to be said about the person's examples when what is up for approval does not pass them all."""
    total, passed = chosen.candidate.examples_total or 0, chosen.candidate.examples_passed or 0
    if passed >= total:
        return ""
    best = max((one.candidate.examples_passed or 0 for one in shown), default=0)
    if best == 0:
        return "No candidate passes any example of the specification."
    if best > passed:
        better = next(one.letter for one in shown if one.candidate.examples_passed == best)
        return f"{chosen.letter} passes {passed} of {total} examples of the specification; {better} passes {best}."
    return "No candidate passes all examples of the specification. What is up for approval passes the most."
