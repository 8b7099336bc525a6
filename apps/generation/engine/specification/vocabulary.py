"""Words that mean different things to different readers, each with the question to ask."""

from __future__ import annotations

import re

# words -> (question, suggested answer)
VAGUE: dict[str, tuple[str, str]] = {
    r"fast|quick(?:ly)?|efficient(?:ly)?|performant|high[- ]performance": (
        "How large is the input, in how much time?",
        "100,000 elements take less than 1 second.",
    ),
    r"user[- ]friendly|intuitive|nice(?:ly)?|clean(?:ly)?|elegant(?:ly)?|beautiful": (
        "What would show it to a person?",
        "Leave it out, or name what can be seen.",
    ),
    r"appropriate(?:ly)?|suitable|suitably|proper(?:ly)?|correctly|sensibl[ey]|reasonabl[ey]": (
        "Which result exactly?",
        "Give one example for it.",
    ),
    r"robust(?:ly)?|graceful(?:ly)?|resilient|reliabl[ey]": (
        "Which failures, and what happens in each?",
        "Raises ValueError when the input is not valid.",
    ),
    r"flexible|extensible|configurable|generic": ("Which variations must be possible?", "Name each as a parameter."),
    r"some|several|various|many|few|a lot of|numerous": ("How many, or which ones?", "Name the number, or list them."),
    r"etc\.?|and so on|and so forth|among others|or similar|and more": (
        "What else is in the list?",
        "The list is complete.",
    ),
    r"usually|normally|typically|often|sometimes|generally|mostly": ("And in the other cases?", "Always."),
    r"if possible|as needed|if necessary|when necessary|where applicable|as appropriate": (
        "Who decides, by which rule?",
        "Always.",
    ),
    r"large|small|big|huge|long|short|recent|old": ("From which size on?", "More than 1,000."),
    r"tbd|todo|to be (?:defined|decided|determined)|\?\?\?": (
        "What is the decision?",
        "Decide it, or say it is out of scope.",
    ),
    r"simple|easy|easily|straightforward|obvious(?:ly)?|minimal": ("Compared with what?", "Leave it out."),
}
VAGUE_WORDS = re.compile(rf"(?<![\w`'\"])(?:{'|'.join(VAGUE)})(?![\w`'\"(])", re.IGNORECASE)
_COMPILED = tuple((re.compile(rf"(?:{pattern})", re.IGNORECASE), answers) for pattern, answers in VAGUE.items())

# (what the text says, what would settle it, question, suggestion)
AMBIGUITIES: tuple[tuple[re.Pattern[str], re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"\bsort(?:ed|s|ing)?\b|\bordered by\b", re.I),
        re.compile(
            r"ascending|descending|increasing|decreasing|alphabetical|smallest|largest|lowest|highest|reverse|sorted\(|lexicographic",
            re.I,
        ),
        "Ascending or descending, and what about ties?",
        "Sorted in ascending order; equal elements keep their original order.",
    ),
    (
        re.compile(r"\bbetween\b[^.\n]{1,40}\band\b", re.I),
        re.compile(r"inclusive|exclusive|inclusively|both ends|including|excluding|<=|>=", re.I),
        "Are both ends included?",
        "Both ends are included.",
    ),
    (
        re.compile(r"\bround(?:ed|s|ing)?\b", re.I),
        re.compile(r"half|decimal|nearest|up|down|floor|ceil|places|bankers", re.I),
        "To how many places, and where does a half go?",
        "Rounded to two decimal places, halves to even.",
    ),
    (
        re.compile(r"\b(?:remov\w+|drop\w*|without) duplicates\b|\bdeduplicat\w+|\bunique\b", re.I),
        re.compile(r"order|first|last|set|sorted|appear", re.I),
        "Which of the duplicates stays, and in which order?",
        "The first occurrence stays; the order is kept.",
    ),
    (
        re.compile(
            r"\b(?:case|compar\w+) (?:of )?(?:strings|words|names|letters)\b|\bsame (?:word|name|letters)\b", re.I
        ),
        re.compile(r"case[- ](?:in)?sensitiv|lower|upper|casefold|ignor\w+ case", re.I),
        "Do upper and lower case differ?",
        "Comparison is case-sensitive.",
    ),
    (
        re.compile(r"\band/or\b", re.I),
        re.compile(r"(?!)"),
        "Both, or one of them?",
        "One of them is enough.",
    ),
    (
        re.compile(r"\b(?:date|time|timestamp|datetime)s?\b", re.I),
        re.compile(
            r"utc|time ?zone|naive|aware|iso|seconds|milliseconds|monotonic|time complexity|run ?time|lifetime|timeout",
            re.I,
        ),
        "In which time zone?",
        "Times are in UTC.",
    ),
)


def vague_question(word: str) -> tuple[str, str]:
    """Return the question that a vague word calls for, and a suggested answer."""
    return next((both for pattern, both in _COMPILED if pattern.fullmatch(word)), ("What exactly is meant?", ""))
