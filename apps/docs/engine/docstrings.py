"""
Docstrings as Markdown: paragraphs, code spans, examples, lists, and fields in the three usual styles.

Sphinx' field lists (``:param x:``), Google's sections (``Args:``) and NumPy's (``Parameters`` over a line) come out
alike. Whatever fits none of them is text, so that nothing a docstring says is lost, and no character of it means
anything to Markdown beyond that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

from apps.docs.engine.markdown import code, fence, lines, marked

TITLES = {
    "args": "Parameters",
    "arguments": "Parameters",
    "parameters": "Parameters",
    "params": "Parameters",
    "keyword args": "Parameters",
    "keyword arguments": "Parameters",
    "other parameters": "Other parameters",
    "returns": "Returns",
    "return": "Returns",
    "yields": "Yields",
    "yield": "Yields",
    "raises": "Raises",
    "warns": "Warns",
    "attributes": "Attributes",
    "example": "Example",
    "examples": "Examples",
    "note": "Note",
    "notes": "Notes",
    "warning": "Warning",
    "warnings": "Warnings",
    "see also": "See also",
}
ENTRIES = {"Parameters", "Other parameters", "Returns", "Yields", "Raises", "Warns", "Attributes"}
RESULTS = {"Returns", "Yields"}
FIELDS = {
    **dict.fromkeys(("param", "parameter", "arg", "argument", "key", "keyword", "type"), "Parameters"),
    **dict.fromkeys(("return", "returns", "rtype"), "Returns"),
    **dict.fromkeys(("yield", "yields", "ytype"), "Yields"),
    **dict.fromkeys(("raise", "raises", "except", "exception"), "Raises"),
    **dict.fromkeys(("var", "ivar", "cvar", "vartype"), "Attributes"),
}
TYPES = {"type", "rtype", "ytype", "vartype"}

# What a reader found at a place: Markdown, and where it stopped; at the same place when it found nothing.
Read = tuple[list[str], int]
Ends = Callable[[str], bool]
EntryReader = Callable[[str, str, str], "Entry"]

_GOOGLE = re.compile(r"( *)([A-Za-z][A-Za-z ]{2,20}):")
_RULE = re.compile(r" *-{3,}")
_FIELD = re.compile(r" *:(\w+)((?: [^:]{1,200})?):(?: (.*))?")
_BULLET = re.compile(r" *(?:[-*+•]|\d{1,3}[.)]) +(\S.*)")
_NAMED = re.compile(r"(\*{0,2}\w[\w.]*(?:, ?\*{0,2}\w[\w.]*)*)(?: ?\(([^()]{1,200})\))?: ?(.*)")
_TYPED = re.compile(r"([\w.]+(?:\[[\w.,| \[\]]{1,100}\])?(?: \| [\w.\[\]]+)*): (.*)")
_NUMPY = re.compile(r"(\*{0,2}\w[\w.]*(?:, ?\*{0,2}\w[\w.]*)*) ?: ?(.*)")


@dataclass(frozen=True)
class Entry:
    """One parameter, result, exception or attribute; ``name`` and ``kind``, its type, may be empty."""

    name: str
    kind: str
    text: str


def docstring_markdown(docstring: str) -> list[str]:
    """Return the blocks of a docstring, each a piece of Markdown without blank lines at its ends."""
    return _blocks([line.expandtabs().rstrip() for line in lines(docstring).split("\n")], is_nested=False)


def _blocks(rows: Sequence[str], *, is_nested: bool) -> list[str]:
    found: list[str] = []
    place = 0
    while place < len(rows):
        if not rows[place]:
            place += 1
            continue
        for read in (_doctest, *(() if is_nested else (_numpy, _google, _fields)), _list, _laid_out):
            parts, end = read(rows, place)
            if end > place:
                break
        else:
            parts, end = _paragraph(rows, place, is_nested=is_nested)
        found += parts
        place = end
    return found


def _doctest(rows: Sequence[str], place: int) -> Read:
    if not rows[place].lstrip().startswith(">>>"):
        return [], place
    end = _until(rows, place, lambda row: not row)
    return [fence(dedent("\n".join(rows[place:end])), "python")], end


def _google(rows: Sequence[str], place: int) -> Read:
    match = _GOOGLE.fullmatch(rows[place])
    title = TITLES.get(match.group(2).lower()) if match else None
    if match is None or title is None:
        return [], place
    depth = len(match.group(1))
    end = _until(rows, place + 1, lambda row: bool(row) and _indent(row) <= depth)
    body = dedent("\n".join(rows[place + 1 : end])).split("\n")
    return (_section(title, body, _google_entry), end) if any(body) else ([], place)


def _numpy(rows: Sequence[str], place: int) -> Read:
    if not _is_numpy(rows, place):
        return [], place
    end = next((later for later in range(place + 2, len(rows)) if _is_numpy(rows, later)), len(rows))
    body = dedent("\n".join(rows[place + 2 : end])).split("\n")
    return _section(TITLES[rows[place].strip().lower()], body, _numpy_entry), end


def _is_numpy(rows: Sequence[str], place: int) -> bool:
    is_ruled = place + 1 < len(rows) and _RULE.fullmatch(rows[place + 1]) is not None
    return is_ruled and rows[place].strip().lower() in TITLES


def _fields(rows: Sequence[str], place: int) -> Read:
    """Read a run of Sphinx fields; types stand beside the names they belong to."""
    sections: dict[str, list[Entry]] = {}
    types: dict[tuple[str, str], str] = {}
    while place < len(rows) and (field := _field(rows[place])):
        kind, name, first = field
        title, depth = FIELDS[kind], _indent(rows[place])
        end = _continued(rows, place + 1, depth)
        text = " ".join([first, *rows[place + 1 : end]]).strip()
        typed, _, bare = name.rpartition(" ") if title != "Raises" else ("", "", name)
        if kind in TYPES:
            types[title, bare] = text
        else:
            sections.setdefault(title, []).append(Entry(bare, typed, text))
        place = end
    for title, bare in types:
        if all(entry.name != bare for entry in sections.setdefault(title, [])):
            sections[title].append(Entry(bare, "", ""))
    return [
        part for title, entries in sections.items() for part in _entries(title, _typed(title, entries, types))
    ], place


def _typed(title: str, entries: Sequence[Entry], types: Mapping[tuple[str, str], str]) -> list[Entry]:
    return [Entry(one.name, one.kind or types.get((title, one.name), ""), one.text) for one in entries]


def _field(row: str) -> tuple[str, str, str] | None:
    match = _FIELD.fullmatch(row)
    if match is None or match.group(1) not in FIELDS:
        return None
    return match.group(1), match.group(2).strip(), match.group(3) or ""


def _list(rows: Sequence[str], place: int) -> Read:
    items: list[str] = []
    while place < len(rows) and (match := _BULLET.fullmatch(rows[place])):
        depth = _indent(rows[place])
        end = _continued(rows, place + 1, depth, is_list=True)
        items.append(f"- {marked(' '.join([match.group(1), *rows[place + 1 : end]]))}")
        place = end
    return (["\n".join(items)] if items else []), place


def _laid_out(rows: Sequence[str], place: int) -> Read:
    """Read what is indented as code: it is shown as it was laid out."""
    if _indent(rows[place]) < 2:
        return [], place
    end = _until(rows, place, lambda row: bool(row) and _indent(row) < 2)
    while not rows[end - 1]:
        end -= 1
    return [fence(dedent("\n".join(rows[place:end])), "text")], end


def _paragraph(rows: Sequence[str], place: int, *, is_nested: bool) -> Read:
    def ends(row: str) -> bool:
        is_other = _is_bullet(row) or row.lstrip().startswith(">>>") or _indent(row) >= 2
        return not row or is_other or (not is_nested and (_field(row) is not None or _is_title(row)))

    end = _until(rows, place + 1, ends)
    text = " ".join(rows[place:end])
    return [marked(text.removesuffix(":") if text.endswith("::") else text)], end


def _section(title: str, body: Sequence[str], read: EntryReader) -> list[str]:
    if title not in ENTRIES:
        return [f"#### {title}", *_blocks(body, is_nested=True)]
    groups: list[list[str]] = []
    for row in filter(None, body):
        if _indent(row) or not groups:
            groups[-1:] = [[*(groups[-1] if groups else []), row]]
        else:
            groups.append([row])
    return _entries(title, [read(title, rows[0].strip(), " ".join(map(str.strip, rows[1:]))) for rows in groups])


def _google_entry(title: str, first: str, rest: str) -> Entry:
    match = (_TYPED if title in RESULTS else _NAMED).fullmatch(first)
    if match is None:
        return Entry("", "", f"{first} {rest}")
    if title in RESULTS:
        return Entry("", match.group(1), f"{match.group(2)} {rest}")
    return Entry(match.group(1), match.group(2) or "", f"{match.group(3)} {rest}")


def _numpy_entry(title: str, first: str, rest: str) -> Entry:
    match = _NUMPY.fullmatch(first)
    if match is not None:
        return Entry(match.group(1), match.group(2), rest)
    if title not in RESULTS:
        return Entry(first, "", rest)
    is_type = bool(rest) or " " not in first
    return Entry("", first, rest) if is_type else Entry("", "", first)


def _entries(title: str, entries: Sequence[Entry]) -> list[str]:
    return [f"#### {title}", "\n".join(f"- {_entry(one)}" for one in entries)]


def _entry(entry: Entry) -> str:
    names = ", ".join(code(name) for name in entry.name.split(",") if name.strip())
    kind = code(entry.kind) if entry.kind.strip() else ""
    head = f"{names} ({kind})" if names and kind else names or kind
    text = marked(entry.text)
    return f"{head}: {text}" if head and text else head or text or "…"


def _until(rows: Sequence[str], place: int, ends: Ends) -> int:
    return next((later for later in range(place, len(rows)) if ends(rows[later])), len(rows))


def _continued(rows: Sequence[str], place: int, depth: int, *, is_list: bool = False) -> int:
    """Return where the lines end that are indented deeper than *depth*; in a list the next item ends them, too."""
    return _until(rows, place, lambda row: not row or _indent(row) <= depth or (is_list and _is_bullet(row)))


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip(" "))


def _is_bullet(row: str) -> bool:
    return _BULLET.fullmatch(row) is not None


def _is_title(row: str) -> bool:
    match = _GOOGLE.fullmatch(row)
    return match is not None and match.group(2).lower() in TITLES
