"""One OpenAPI 3.1 document with full paths for both halves of the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, JSONField
from django.http import HttpRequest, HttpResponse
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from apps.core.digests import canonical_json
from apps.governance.http import PROBLEM_TYPE, Access, ProblemSchema
from apps.governance.rest import DEFAULT_PAGE, LARGEST_PAGE, Resource, field_of
from apps.governance.services import TOKEN_SCOPES
from nofx.api.idempotency import LONGEST
from nofx.api.resources import RESOURCES
from nofx.api.root import api

Json = dict[str, Any]

SECURITY_SCHEMES: Json = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The browser's session. Writes also need X-CSRFToken.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token, `nofx_pat_…` or `nofx_svc_…`. No scope can vote, approve or merge. Scopes: "
        + " ".join(f"`{scope}`: {meaning}" for scope, meaning in TOKEN_SCOPES.items()),
    },
}
IDEMPOTENCY_KEY: Json = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "The same key and body get the first answer again for 24 hours.",
    "schema": {"type": "string", "maxLength": LONGEST},
}
PROBLEM_REF = "#/components/schemas/ProblemSchema"
TYPES: dict[str, Json] = {
    "UUIDField": {"type": "string", "format": "uuid"},
    "DateTimeField": {"type": "string", "format": "date-time"},
    "DateField": {"type": "string", "format": "date"},
    "BooleanField": {"type": "boolean"},
    "DecimalField": {"type": "string", "description": "A decimal number as text."},
    "FloatField": {"type": "number"},
}


class Verbs(OpenAPISchema):
    """Ninja's document, with both ways of signing in and the scope that a token needs."""

    def operation_security(self, operation: Operation) -> list[Json] | None:
        """Return who may call *operation*; an empty list when nobody has to sign in."""
        for auth in operation.auth_callbacks:
            if isinstance(auth, Access):
                return _security(auth.token_scope)
        return []


def openapi_document() -> Json:
    """Return the whole document; the same for every process of one version."""
    verbs = Verbs(api, "api/")
    paths: Json = {path: _verb_path(operations) for path, operations in verbs["paths"].items()}
    schemas: Json = dict(verbs["components"]["schemas"])
    problem_schema = ProblemSchema.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem_schema.pop("$defs"))
    schemas["ProblemSchema"] = problem_schema
    for resource in RESOURCES:
        schemas[row_name(resource)] = _row_schema(resource)
        paths[f"/api/v1/{resource.noun}"] = {"get": _list_operation(resource)}
        paths[f"/api/v1/{resource.noun}/{{id}}"] = {"get": _row_operation(resource)}
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": api.version, "description": api.description},
        "servers": [],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def schema_view(request: HttpRequest) -> HttpResponse:
    """Answer with the document."""
    return HttpResponse(canonical_json(openapi_document()), content_type="application/json")


def row_name(resource: type[Resource]) -> str:
    """Return the name of the schema of one row."""
    return resource.__name__.removesuffix("Resource")


def _security(token_scope: str | None) -> list[Json]:
    return [{"session": []}] if token_scope is None else [{"session": []}, {"token": [token_scope]}]


def _verb_path(operations: Json) -> Json:
    for method, operation in operations.items():
        operation.setdefault("security", [])
        if method == "post" and operation["security"]:
            operation["parameters"].append(IDEMPOTENCY_KEY)
        operation["responses"] = {
            str(status): _as_problem(response) if int(status) >= HTTPStatus.BAD_REQUEST else response
            for status, response in operation["responses"].items()
        }
    return operations


def _as_problem(response: Json) -> Json:
    return {**response, "content": {PROBLEM_TYPE: {"schema": {"$ref": PROBLEM_REF}}}}


def _problems(*statuses: HTTPStatus) -> Json:
    return {str(int(status)): _as_problem({"description": status.phrase}) for status in statuses}


def _list_operation(resource: type[Resource]) -> Json:
    body = {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{row_name(resource)}"}},
            "next_cursor": {"type": ["string", "null"], "description": "Send it as after= for the next page."},
            "count": {"type": "integer", "description": "Of all rows; only with count=true."},
        },
    }
    return {
        "operationId": f"{resource.noun.replace('-', '_')}_list",
        "summary": f"List {resource.noun.replace('-', ' ')}",
        "description": _sentence(resource),
        "tags": ["Resources"],
        "parameters": [*_page_parameters(), *(_filter_parameter(resource, name) for name in resource.filters)],
        "security": _security(resource.permit),
        "responses": {
            "200": {
                "description": "OK",
                "headers": {"Link": {"description": 'The next page, rel="next".', "schema": {"type": "string"}}},
                "content": {"application/json": {"schema": body}},
            },
            **_problems(HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
        },
    }


def _row_operation(resource: type[Resource]) -> Json:
    schema = {"$ref": f"#/components/schemas/{row_name(resource)}"}
    return {
        "operationId": f"{resource.noun.replace('-', '_')}_get",
        "summary": f"Get one of {resource.noun.replace('-', ' ')}",
        "description": _sentence(resource),
        "tags": ["Resources"],
        "parameters": [
            {
                "in": "path",
                "name": "id",
                "required": True,
                "description": f"With or without {resource.prefix}_.",
                "schema": _id_schema(resource.prefix, field_of(resource, "id")),
            }
        ],
        "security": _security(resource.permit),
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": schema}}},
            **_problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
        },
    }


def _sentence(resource: type[Resource]) -> str:
    return " ".join((resource.__doc__ or "").split())


def _page_parameters() -> list[Json]:
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE}
    return [
        {"in": "query", "name": "first", "required": False, "description": "Rows on a page.", "schema": size},
        {
            "in": "query",
            "name": "after",
            "required": False,
            "description": "The next_cursor of the page before.",
            "schema": {"type": "string"},
        },
        {
            "in": "query",
            "name": "count",
            "required": False,
            "description": "true adds the number of all rows.",
            "schema": {"type": "boolean", "default": False},
        },
    ]


def _filter_parameter(resource: type[Resource], name: str) -> Json:
    schema = _column_schema(resource, name)
    kinds = schema.pop("type", "string")
    kept = [kind for kind in kinds if kind != "null"] if isinstance(kinds, list) else [kinds]
    schema["type"] = kept[0]
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    return {"in": "query", "name": name, "required": False, "schema": schema}


def _row_schema(resource: type[Resource]) -> Json:
    return {
        "type": "object",
        "title": row_name(resource),
        "description": _sentence(resource),
        "required": list(resource.columns),
        "properties": {name: _column_schema(resource, name) for name in resource.columns},
    }


def _column_schema(resource: type[Resource], name: str) -> Json:
    field = field_of(resource, name)
    if name == "id":
        return _id_schema(resource.prefix, field)
    is_nullable = field.null or name in resource.hidden
    if name in resource.references:
        return _nullable(_id_schema(resource.references[name], field), is_nullable)
    schema = _field_schema(field)
    if field.help_text:
        schema["description"] = str(field.help_text)
    return _nullable(schema, is_nullable)


def _field_schema(field: Field[Any, Any]) -> Json:
    if isinstance(field, ArrayField):
        return {"type": "array", "items": {}}
    if isinstance(field, JSONField):
        return {}
    kind = field.get_internal_type()
    if field.choices:
        return {"type": "string", "enum": [value for value, _ in field.flatchoices]}
    if kind in TYPES:
        return dict(TYPES[kind])
    return {"type": "integer"} if "Integer" in kind or "AutoField" in kind else {"type": "string"}


def _id_schema(prefix: str, field: Field[Any, Any]) -> Json:
    target: Any = field
    while target.is_relation:
        target = target.target_field
    key = "3f2c5d1e-9b7a-4c55-8f00-6d1f0c2a7b11" if target.get_internal_type() == "UUIDField" else "42"
    return {"type": "string", "examples": [f"{prefix}_{key}"]}


def _nullable(schema: Json, is_nullable: bool) -> Json:
    if not is_nullable or "type" not in schema:
        return schema
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable
