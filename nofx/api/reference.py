"""The API's document as a page for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core.errors import NofxError
from nofx.api.document import openapi_document

Json = dict[str, Any]
DEEPEST = 4


@dataclass(frozen=True)
class Value:
    """One parameter or one property: its name, type and meaning."""

    name: str
    kind: str
    is_required: bool
    text: str
    place: str = ""


@dataclass(frozen=True)
class Answer:
    """One status with its meaning and an example."""

    status: str
    text: str
    example: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class OperationPage:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: tuple[str, ...]
    who: str
    parameters: tuple[Value, ...]
    body: tuple[Value, ...]
    body_example: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class ProblemCode:
    """One ``code`` of a problem, its status and when it happens."""

    code: str
    status: int
    text: str


@login_required
@require_safe
def reference_view(request: HttpRequest) -> HttpResponse:
    """Show every operation with its parameters, schemas and examples, and every problem code."""
    document = openapi_document()
    groups: dict[str, list[OperationPage]] = {}
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            page = _operation(document, path, method, operation)
            groups.setdefault((operation.get("tags") or ["Other"])[0], []).append(page)
    context = {
        "info": document["info"],
        "groups": sorted(groups.items(), key=lambda group: (group[0] == "Resources", group[0])),
        "count": sum(len(pages) for pages in groups.values()),
        "problems": problem_codes(),
    }
    return render(request, "api/reference.html", context)


def problem_codes() -> list[ProblemCode]:
    """Return every code that an answer of the platform may carry."""
    known: dict[str, ProblemCode] = {}
    for error in _errors(NofxError):
        if error.__module__.startswith(("apps.", "nofx.api")):
            text = " ".join((error.__doc__ or "").split("\n\n")[0].split())
            known.setdefault(error.code, ProblemCode(error.code, error.status, text))
    return [known[code] for code in sorted(known)]


def _errors(base: type[NofxError]) -> Iterator[type[NofxError]]:
    for error in base.__subclasses__():
        yield error
        yield from _errors(error)


def _operation(document: Json, path: str, method: str, operation: Json) -> OperationPage:
    content = operation.get("requestBody", {}).get("content", {})
    body = next(iter(content.values()))["schema"] if content else {}
    return OperationPage(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=tuple(" ".join(part.split()) for part in re.split(r"\n\s*\n", operation.get("description", "")) if part),
        who=_who(operation["security"]),
        parameters=tuple(_parameter(document, parameter) for parameter in operation["parameters"]),
        body=_values(document, body),
        body_example=_example_text(document, body) if body else "",
        answers=tuple(_answer(document, status, answer) for status, answer in operation["responses"].items()),
    )


def _who(security: list[Json]) -> str:
    scopes = [scope for way in security for scope in way.get("token", [])]
    if not security:
        return "Anybody."
    return f"A session, or a token with {scopes[0]}." if scopes else "A session only; no token can do this."


def _parameter(document: Json, parameter: Json) -> Value:
    return Value(
        name=parameter["name"],
        kind=_kind(document, parameter["schema"]),
        is_required=bool(parameter.get("required")),
        text=parameter.get("description", ""),
        place=parameter["in"],
    )


def _answer(document: Json, status: str, answer: Json) -> Answer:
    content = answer.get("content", {})
    schema = next(iter(content.values()))["schema"] if content else {}
    is_problem = int(status) >= 400
    return Answer(
        status=status,
        text=answer.get("description", ""),
        example="" if is_problem or not schema else _example_text(document, schema),
        values=() if is_problem else _values(document, schema),
    )


def _resolve(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = {**document["components"]["schemas"][name], **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def _values(document: Json, schema: Json, prefix: str = "", depth: int = 0) -> tuple[Value, ...]:
    schema = _resolve(document, schema)
    values: list[Value] = []
    required = schema.get("required", [])
    for name, part in schema.get("properties", {}).items():
        resolved = _resolve(document, part)
        kind = _kind(document, part)
        text = part.get("description") or resolved.get("description", "")
        values.append(Value(f"{prefix}{name}", kind, name in required, text))
        inner = _resolve(document, resolved.get("items", resolved)) if depth < DEEPEST else {}
        if inner.get("properties"):
            mark = "[]." if "items" in resolved else "."
            values += _values(document, inner, f"{prefix}{name}{mark}", depth + 1)
    return tuple(values)


def _kind(document: Json, schema: Json) -> str:
    schema = _resolve(document, schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(document, part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join("null" if value is None else str(value) for value in schema["enum"])
    kinds = schema.get("type", "any JSON")
    words = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if words == "array":
        return f"array of {_kind(document, schema.get('items', {}))}"
    return f"{words} ({schema['format']})" if "format" in schema else words


def _example_text(document: Json, schema: Json) -> str:
    return json.dumps(_example(document, schema, 0), indent=2, ensure_ascii=False)


def _example(document: Json, schema: Json, depth: int) -> Any:
    schema = _resolve(document, schema)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "example" in schema or "default" in schema:
        return schema.get("example", schema.get("default"))
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth)
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "array":
        return [_example(document, schema.get("items", {}), depth + 1)] if depth < DEEPEST else []
    if kind == "object":
        properties = schema.get("properties", {}) if depth < DEEPEST else {}
        return {name: _example(document, part, depth + 1) for name, part in properties.items()}
    if kind == "string":
        return {"date-time": "2026-11-22T12:00:00Z", "date": "2026-11-22", "uuid": UUID_EXAMPLE}.get(
            schema.get("format", ""), "…"
        )
    return {"integer": 1, "number": 1.0, "boolean": True}.get(kind)


UUID_EXAMPLE = "3f2c5d1e-9b7a-4c55-8f00-6d1f0c2a7b11"
