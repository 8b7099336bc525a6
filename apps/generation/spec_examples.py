"""Specifications to begin with, one for each class of tasks that is asked for most."""

from __future__ import annotations

EXAMPLES = {
    "function": (
        "Slugs for page titles",
        "Write `def slugify(text: str) -> str` that turns a title into a slug for a URL.\n\n"
        "- Letters are lower case, and words are joined by single hyphens.\n"
        "- Everything that is not an ASCII letter or digit separates words.\n"
        "- There is no hyphen at either end.\n"
        "- An empty title gives an empty slug.\n\n"
        ">>> slugify('Hello, World!')\n'hello-world'\n"
        ">>> slugify('  a -- b  ')\n'a-b'\n"
        ">>> slugify('')\n''\n",
    ),
    "class": (
        "A counter that remembers its peak",
        "Write a class `PeakCounter` with `add(n: int) -> None`, `value() -> int` and `peak() -> int`.\n\n"
        "- A new counter is 0 and its peak is 0.\n"
        "- `add` may be given negative numbers; the peak never falls.\n\n"
        ">>> c = PeakCounter()\n>>> c.add(5)\n>>> c.add(-3)\n>>> c.value()\n2\n>>> c.peak()\n5\n",
    ),
    "rules": (
        "What a parcel costs by its weight",
        "Write `def parcel_price(grams: int) -> int` that returns the price of a parcel in cents.\n\n"
        "- Up to 1,000 g inclusive it is 399, up to 5,000 g inclusive it is 599.\n"
        "- Each further 1,000 g, or part of it, adds 50.\n"
        "- Zero, a negative weight and anything above 30,000 g raise ValueError.\n\n"
        "| grams | parcel_price |\n| --- | --- |\n| 1 | 399 |\n| 1000 | 399 |\n| 1001 | 599 |\n| 5001 | 649 |\n\n"
        ">>> parcel_price(0)\nTraceback (most recent call last):\nValueError\n",
    ),
}
ABOUT = (
    ("function", "A function on text, with examples"),
    ("class", "A class with state"),
    ("rules", "A calculation by rules, with a table"),
)
