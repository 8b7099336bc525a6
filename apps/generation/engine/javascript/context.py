"""What a repository in JavaScript already has: its functions and classes, and a long file in short."""

from __future__ import annotations

from collections.abc import Mapping

from apps.core.javascript import fault_of
from apps.generation.engine.budget import Piece, tokens
from apps.generation.engine.javascript.documentation import description_of, header_of
from apps.generation.engine.javascript.modules import is_javascript, is_test, is_typescript
from apps.generation.engine.javascript.program import Statement, statements

MAX_FILES = 400
CUT = "// ... ({count} more definitions were left out for length)"


def symbols_of(files: Mapping[str, str]) -> tuple[Piece, ...]:
    """Return the functions and classes at the top level of the files by path; unparsable ones are left out."""
    found: list[Piece] = []
    paths = [path for path in sorted(files) if is_javascript(path) and not is_test(path)]
    for path in paths[:MAX_FILES]:
        source, is_typed = files[path], is_typescript(path)
        if fault_of(source, is_typed=is_typed) is not None:
            continue
        data = source.encode("utf-8", "surrogatepass")
        for one in statements(source, is_typed=is_typed):
            header = header_of(source, one.names[0], is_typed=is_typed) if _is_code(one) else ""
            if header:
                note = description_of(source, one.names[0], is_typed=is_typed)
                text = data[one.start : one.end].decode("utf-8", "surrogatepass")
                kind = "class" if header.startswith(("class", "abstract")) else "function"
                found.append(Piece(path, one.names[0], kind, header, note, text, ("similar",)))
    return tuple(found)


def _is_code(one: Statement) -> bool:
    return one.kind == "declaration" and len(one.names) == 1


def outline(source: str, entry: str | None, budget: int, *, is_typed: bool) -> str:
    """
    Return a long file as its imports, *entry* whole, and the first lines of what else it defines, in their order.

    Nothing is cut in the middle; of the definitions those that no longer fit into *budget* tokens are counted.
    """
    data = source.encode("utf-8", "surrogatepass")
    parts: list[tuple[int, str]] = []
    room = budget - tokens(CUT) - 8
    left_out = 0
    found = [one for one in statements(source, is_typed=is_typed) if one.kind in ("import", "require", "declaration")]
    # What is asked for comes first, then what it can use: what is last finds the least room.
    for one in sorted(found, key=lambda one: (entry not in one.names, one.kind == "declaration", one.start)):
        text = data[one.start : one.end].decode("utf-8", "surrogatepass")
        if one.kind == "declaration" and entry not in one.names:
            text = f"{header_of(source, one.names[0], is_typed=is_typed)} …" if one.names else ""
        if tokens(text) >= room:
            left_out += 1
            continue
        room -= tokens(text) + 1
        parts.append((one.start, text))
    shown = [text for _, text in sorted(parts)]
    return "\n".join([*shown, *([CUT.format(count=left_out)] if left_out else [])])
