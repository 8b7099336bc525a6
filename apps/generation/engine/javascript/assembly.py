"""Put a candidate's code into the file it belongs to, in the style of the module that the file is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.core.javascript import fault_of
from apps.core.javascript.trees import text_of
from apps.generation.engine.javascript.modules import COMMONJS, MODULE
from apps.generation.engine.javascript.program import Statement, imported_names, statements

_USE = re.compile(r"^(?:await\s+)?(?:console|assert)\b|^(?:describe|test|it)\(")
_DEFAULT = re.compile(r"(?m)^export\s+default\s+(?=(?:async\s+)?function\b\s*\*?\s*[\w$]|class\s+[\w$])")
_EXPORT = re.compile(rb"export\s+(?:default\s+)?")


def merge_module(existing: str, code: str, *, names: Sequence[str], kind: str, is_typed: bool) -> str:
    """
    Return the text of *existing* with the definitions of *code* in it, and those of *names* exported.

    Definitions that *existing* has are replaced where they stand, new ones are added at its end, imports below its
    imports. Imports and exports are written as the *kind* of module does it ("module" or "commonjs"). Statements that
    only show how the code is used are left out. All other bytes stay as they are. Merging the same code again changes
    nothing.

    :raises ValueError: either text does not parse, or the result would not.
    """
    for text in (existing, code):
        fault = fault_of(text, is_typed=is_typed)
        if fault is not None:
            raise ValueError(f"line {fault.line}, {fault.message}")
    parts = _Parts(code, kind, is_typed)
    merged = _merged(existing, parts, is_typed) if existing.strip() else parts.whole()
    for name in names:
        merged = _given_away(merged, name, kind, is_typed)
    fault = fault_of(merged, is_typed=is_typed)
    if fault is not None:
        raise ValueError(f"line {fault.line} of the result, {fault.message}")
    return merged


class _Parts:
    """The statements of a candidate, their imports and exports in the style that is wanted."""

    def __init__(self, code: str, kind: str, is_typed: bool) -> None:
        self.data = code.encode("utf-8", "surrogatepass")
        self.kind = kind
        self.imports: list[tuple[str, tuple[str, ...]]] = []
        self.definitions: list[tuple[tuple[str, ...], str]] = []
        self.others: list[str] = []
        self.given: list[str] = []
        for one in statements(code, is_typed=is_typed):
            self._take(one)

    def _take(self, one: Statement) -> None:
        text = self.data[one.start : one.end].decode("utf-8", "surrogatepass")
        if one.kind in ("import", "require"):
            self.imports.append((_import_in(one, text, self.kind), one.names))
        elif one.kind in ("export", "default"):
            self._exported(one, text)
        elif one.kind == "declaration":
            if one.node.type == "export_statement":
                self.given += one.names
            kept = _DEFAULT.sub("export ", text, count=1) if self.kind == MODULE else self._private(one, text)
            self.definitions.append((one.names, kept))
        elif not _USE.match(text_of(one.node)):
            self.others.append(text)

    def _exported(self, one: Statement, text: str) -> None:
        """``export { f }`` and ``module.exports = { f }`` are written anew; what gives away more stays as it is."""
        is_list = one.node.type == "export_statement" and "{" in text and "from" not in text and " as " not in text
        value = re.fullmatch(r"module\.exports\s*=\s*(\{[\s\w$,]*\}|[A-Za-z_$][\w$]*);?", text_of(one.node))
        single = re.fullmatch(r"(?:module\.)?exports\.([\w$]+)\s*=\s*\1;?", text_of(one.node))
        named = re.fullmatch(r"export\s+default\s+([A-Za-z_$][\w$]*);?", text_of(one.node))
        if is_list or value or single:
            self.given += one.exports
        elif named is not None:
            self.given.append(named.group(1))
        else:
            self.others.append(text)

    def _private(self, one: Statement, text: str) -> str:
        if one.node.type != "export_statement":
            return text
        data = text.encode("utf-8", "surrogatepass")
        at = one.node.start_byte - one.start
        return (data[:at] + _EXPORT.sub(b"", data[at:], count=1)).decode("utf-8", "surrogatepass")

    def whole(self) -> str:
        blocks = ["\n".join(text for text, _ in self.imports), *(text for _, text in self.definitions), *self.others]
        given = list(dict.fromkeys(self.given))
        if self.kind == COMMONJS and given:
            blocks.append(f"module.exports = {{ {', '.join(given)} }};")
        return "\n\n".join(block for block in blocks if block.strip()) + "\n"


def _import_in(one: Statement, text: str, kind: str) -> str:
    """Return an import as the other style of module writes it, where it has to change."""
    if kind == COMMONJS and one.kind == "import" and not re.match(r"import\s+type\b", text_of(one.node)):
        source = one.node.child_by_field_name("source")
        return _as_require(imported_names(one.node), text_of(source) if source is not None else "''")
    if kind == MODULE and one.kind == "require":
        return _as_import(text_of(one.node))
    return text


def _as_require(names: Sequence[tuple[str, str]], source: str) -> str:
    whole = [local for local, there in names if there in ("*", "default")]
    parts = [
        there if there == local else f"{there}: {local}" for local, there in names if there not in ("*", "default")
    ]
    lines = [f"const {local} = require({source});" for local in whole]
    lines += [f"const {{ {', '.join(parts)} }} = require({source});"] if parts else []
    return "\n".join(lines) or f"require({source});"


def _as_import(text: str) -> str:
    found = re.fullmatch(r"(?:const|let|var)\s+(.+?)\s*=\s*require\(\s*((['\"])[^'\"]+\3)\s*\);?", text, re.DOTALL)
    if found is None:
        return text
    names, source = found.group(1), found.group(2)
    if names.startswith("{"):
        renamed = re.sub(r"([\w$]+)\s*:\s*", r"\1 as ", names)
        return f"import {renamed} from {source};"
    return f"import {names} from {source};"


def _merged(existing: str, parts: _Parts, is_typed: bool) -> str:
    data = existing.encode("utf-8", "surrogatepass")
    standing = statements(existing, is_typed=is_typed)
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    replaced: set[int] = set()
    for names, text in parts.definitions:
        same = [one for one in standing if one.kind == "declaration" and set(one.names) & set(names)]
        fresh = [one for one in same if one.start not in replaced]
        if not fresh:
            added += [] if same else [text]
            continue
        was_exported = fresh[0].node.type == "export_statement"
        kept = _kept_export(text, names, was_exported, parts.kind)
        if _DEFAULT.match(text_of(fresh[0].node)):
            kept = re.sub(r"(?m)^export ", "export default ", kept, count=1)
        edits.append((fresh[0].start, fresh[0].end, kept))
        edits += [(one.start, one.end, "") for one in fresh[1:]]
        replaced |= {one.start for one in fresh}
    bound = {name for one in standing for name in one.names}
    imports = [text for text, names in parts.imports if not names or not set(names) <= bound]
    imports = [text for text in imports if text.strip() not in existing]
    if imports:
        last = max((one.end for one in standing if one.kind in ("import", "require")), default=0)
        lines = "\n".join(imports)
        edits.append((last, last, f"\n{lines}" if last else f"{lines}\n\n"))
    others = [text for text in parts.others if text.strip() not in existing]
    for start, end, text in sorted(edits, reverse=True):
        data = data[:start] + text.encode("utf-8", "surrogatepass") + data[end:]
    merged = data.decode("utf-8", "surrogatepass")
    more = "\n\n".join((*added, *others))
    return _before_exports(merged, more, is_typed) if more else merged


def _kept_export(text: str, names: Sequence[str], was_exported: bool, kind: str) -> str:
    """A definition that the file exports where it stands goes on being exported there."""
    if not was_exported or kind != MODULE or re.search(r"(?m)^export\b", text):
        return text
    words = r"(?:async\s+)?(?:abstract\s+)?(?:function\*?|class|const|let|var|type|interface)"
    pattern = rf"(?m)^({words}\s+{re.escape(names[0])}\b)"
    return re.sub(pattern, r"export \1", text, count=1)


def _before_exports(text: str, more: str, is_typed: bool) -> str:
    """Put new code before the list of exports at the end of a file, or at its end."""
    exports = [one for one in statements(text, is_typed=is_typed) if one.kind == "export"]
    data = text.encode("utf-8", "surrogatepass")
    last = statements(text, is_typed=is_typed)[-1:]
    if exports and last and exports[-1].end == last[0].end:
        at = exports[-1].start
        return (data[:at] + f"{more}\n\n".encode("utf-8", "surrogatepass") + data[at:]).decode("utf-8", "surrogatepass")
    return f"{text.rstrip()}\n\n{more}\n"


def _given_away(text: str, entry: str, kind: str, is_typed: bool) -> str:
    """Export *entry* where the module defines it and does not yet."""
    found = statements(text, is_typed=is_typed)
    if not entry or any(entry in one.exports or one.kind == "default" for one in found):
        return text
    standing = next((one for one in found if entry in one.names and one.kind == "declaration"), None)
    if standing is None or standing.node.type == "export_statement":
        return text
    if kind == COMMONJS:
        whole = next((one for one in found if text_of(one.node).startswith("module.exports =")), None)
        if whole is None:
            return f"{text.rstrip()}\n\nmodule.exports = {{ {entry} }};\n"
        return f"{text.rstrip()}\nmodule.exports.{entry} = {entry};\n"
    data = text.encode("utf-8", "surrogatepass")
    at = standing.node.start_byte
    return (data[:at] + b"export " + data[at:]).decode("utf-8", "surrogatepass")
