"""The beginning of a page of the library, made of a mined structure; a person finishes it."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable

from apps.knowledge.engine.structure import bound_names

_WORDS = re.compile(r"[A-Za-z]+")
UNFINISHED = "say-what-is-missing"


def draft_page(name: str, intent: str, template: str, *, source: str) -> str:
    """
    Return a page in the form of the library with what is known of a structure filled in.

    The library refuses it as it is: its theme, its advice and its tests are for a person to write.
    """
    entry = "_".join(word.lower() for word in _WORDS.findall(name)) or "entry"
    body = "\n".join(f"    {line}".rstrip() for line in template.splitlines())
    sentence = " ".join(intent.split()) or "Say in one sentence what it is for."
    summary = sentence.replace("\\", "").replace('"', "'")
    header = (
        f'theme = "{UNFINISHED}"',
        f'entry = "{entry}"',
        "keywords = []",
        f'source = "{source}"',
        f'licence = "{UNFINISHED}"',
    )
    code = (f"def {entry}({', '.join(free_names(template))}):", f'    """{summary}"""', body)
    parts = (
        f"# {' '.join(name.split())}",
        sentence,
        _fenced("toml", header),
        "## When to use",
        "## When not to use",
        "## Code",
        _fenced("python", code),
        "## Tests",
        _fenced("python", ()),
    )
    return "\n\n".join(parts) + "\n"


def _fenced(language: str, lines: Iterable[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"])


def free_names(template: str) -> list[str]:
    """Return the names that *template* reads and does not bind, Python's own left out, in the order they occur."""
    tree = ast.parse(template)
    bound = bound_names(tree)
    read = sorted((node.lineno, node.col_offset, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name))
    return [
        name for name in dict.fromkeys(name for *_, name in read) if name not in bound and not hasattr(builtins, name)
    ]
