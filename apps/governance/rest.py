"""
Read-only API resources: what every app's ``resources.py`` is made of.

A resource says which table, which columns, and how its rows belong to a scope. Lists are keyset-paged, so a page costs
the same wherever it is; rows of unreadable scopes are absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, Field, JSONField, Model, Q, QuerySet, When
from rest_framework import serializers, viewsets
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.database import Reach, any_looked_up
from apps.core.errors import NofxError, NotFound
from apps.core.ids import format_id, parse_id
from apps.core.keyset import keyset_page
from apps.core.numbers import whole_number
from apps.governance.http import access
from apps.governance.models import ApiToken, User
from apps.governance.selectors import scope_ids
from apps.governance.subjects import subjects_blind

DEFAULT_PAGE, LARGEST_PAGE = 50, 200
TRUTHS = (("true", "true"), ("false", "false"))


class PageInvalid(NofxError):
    """A list was asked for in a way that it cannot be given."""

    code = "page.invalid"


class PrefixedId(serializers.Field):
    """An id with its prefix; an empty one stays empty."""

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(read_only=True, **options)
        self.prefix = prefix

    def to_representation(self, value: object) -> str:
        return format_id(self.prefix, value)


class Row(serializers.Serializer):
    """One row; what a voter must not know yet is empty."""

    hidden: Sequence[str] = ()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        data = super().to_representation(instance)
        if getattr(instance, "is_blind", False):
            data.update(dict.fromkeys(self.hidden))
        return data


class Boundary(BaseAuthentication):
    """Whoever the API's boundary found: the user of the session or of the token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        user = request._request.user
        return (user, getattr(request._request, "api_token", None)) if user.is_authenticated else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="nofx"'


class MayRead(BasePermission):
    """A session, or a token with the resource's scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if access(view.permit)(request._request) is None:
            raise NotAuthenticated
        return True


class Resource(viewsets.GenericViewSet):
    """
    One table as a list and as single rows.

    ``columns`` maps each name in the answer to the path of its model field, "" for the same name; ``references`` names
    the prefix of each foreign key's id; ``joins`` are the relations that the paths cross. ``newest`` is the time column
    that lists are sorted by. ``place_path`` leads to the scope, or to what ``places`` returns the readable ones of.
    ``hidden`` names the columns that are empty in rows for which ``blind`` holds; ``computed`` gives the types of those
    that ``readable`` annotates because no column of the table holds them.
    """

    noun: ClassVar[str]
    prefix: ClassVar[str]
    model: ClassVar[type[Model]]
    permit: ClassVar[str]
    columns: ClassVar[Mapping[str, str]]
    references: ClassVar[Mapping[str, str]] = {}
    filters: ClassVar[Sequence[str]] = ()
    joins: ClassVar[Sequence[str]] = ()
    newest: ClassVar[str | None] = "created_at"
    place_path: ClassVar[str] = ""
    hidden: ClassVar[Sequence[str]] = ()
    computed: ClassVar[Mapping[str, Field[Any, Any]]] = {}

    authentication_classes = [Boundary]
    permission_classes = [MayRead]
    lookup_value_regex = "[^/]+"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.serializer_class = _serializer_of(cls)
        cls.filterset_class = _filterset_of(cls)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows that the caller may read, with only the columns that the answer has."""
        reach = self.reach(self.request.user)
        return self._rows() if reach is None else self._rows().filter(reach.looked_up)

    def _rows(self) -> QuerySet[Any]:
        """Return the rows that a list looks through."""
        stored = (path_of(self, name) for name in self.columns if name not in self.computed)
        rows = self.model._default_manager.only(*stored)
        rows = self.readable(rows.select_related(*self.joins) if self.joins else rows, self.request.user)
        if not self.hidden:
            return rows
        return rows.annotate(is_blind=Case(When(self.blind(self.request.user), then=True), default=False))

    @staticmethod
    def places(user: User) -> Sequence[Any]:
        """Return the keys of the places that *user* may read."""
        return scope_ids(user)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what *user* may not read: by default, rows whose place is not among theirs."""
        return rows.filter(**{f"{self.place_path}__in": self.places(user)})

    def reach(self, user: User) -> Reach | None:
        """Return what the readable rows are within; None where ``readable`` has left out all others."""
        return None

    def blind(self, user: User) -> Q:
        """Return which rows *user* may see only in part, because a vote of theirs is to come."""
        return any_looked_up(subjects_blind(user))

    def list(self, request: Request) -> Response:
        """Return one page of rows, newest first."""
        first = _page_size(request)
        filters = self.filterset_class(request.query_params, queryset=self._rows())
        if not filters.is_valid():
            raise PageInvalid(f"These filters have values that cannot be read: {', '.join(sorted(filters.errors))}.")
        rows = filters.qs
        reach = self.reach(request.user)
        after = request.query_params.get("after", "")
        page = keyset_page(rows, newest=self.newest, first=first, after=after, reach=reach)
        items = self.get_serializer(page.rows, many=True).data
        body: dict[str, Any] = {"items": items, "next_cursor": page.next_cursor or None}
        if request.query_params.get("count") == "true":
            body["count"] = (rows if reach is None else rows.filter(reduce(or_, reach.gathered))).count()
        return Response(body, headers=_link(request, page.next_cursor))

    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one row."""
        row = self.get_queryset().filter(pk=self._key(pk)).first()
        if row is None:
            raise NotFound("There is nothing with this id that you can read.")
        return Response(self.get_serializer(row).data)

    def _key(self, text: str) -> object:
        return read_key(self.model._meta.pk, self.prefix, text)


class Searched:
    """A table whose rows do not say who may read them: what they are about does, and lists look that up."""

    def reach(self, user: User) -> Reach:
        """Return what *user* may read."""
        raise NotImplementedError

    def readable(self, rows: QuerySet[Any], _user: User) -> QuerySet[Any]:
        """Leave nothing out: the list searches these rows for what is within reach."""
        return rows


def read_key(field: Field[Any, Any], prefix: str, text: str) -> object:
    """
    Return the key in *text*, with or without its prefix, as *field* holds it.

    :raises NotFound: it is no key of this kind.
    """
    while field.is_relation:
        field = field.target_field
    if field.get_internal_type() == "UUIDField":
        return parse_id(prefix, text)
    key = whole_number(text.removeprefix(f"{prefix}_"))
    if key is None:
        raise NotFound("There is nothing with this id.")
    return key


def path_of(resource: Resource | type[Resource], name: str) -> str:
    """Return the path, with double underscores, of the field behind a column."""
    return resource.columns[name] or name


def field_of(resource: type[Resource], name: str) -> Field[Any, Any]:
    """Return the model field behind a column."""
    if name in resource.computed:
        return resource.computed[name]
    field: Any = None
    model: Any = resource.model
    for part in path_of(resource, name).split("__"):
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        model = field.related_model
    return field


def _serializer_of(resource: type[Resource]) -> type[serializers.Serializer]:
    """Return the serializer of *resource*, made from the model's fields."""
    declared = {name: _serializer_field(resource, name) for name in resource.columns}
    return type(f"{resource.__name__}Row", (Row,), {**declared, "hidden": resource.hidden})


def _serializer_field(resource: type[Resource], name: str) -> serializers.Field:
    path = path_of(resource, name)
    source = path.replace("__", ".")
    options = {"source": source} if source != name else {}
    field = field_of(resource, name)
    if name == "id":
        return PrefixedId(resource.prefix, source="pk")
    if name in resource.references:
        return PrefixedId(resource.references[name], source=f"{source}_id")
    if isinstance(field, ArrayField):
        return serializers.ListField(child=serializers.JSONField(), read_only=True, **options)
    if isinstance(field, JSONField):
        return serializers.JSONField(read_only=True, **options)
    return serializers.ModelSerializer.serializer_field_mapping.get(type(field), serializers.ReadOnlyField)(
        read_only=True, **_digits(field), **options
    )


def _digits(field: Field[Any, Any]) -> dict[str, int]:
    if field.get_internal_type() != "DecimalField":
        return {}
    return {"max_digits": field.max_digits, "decimal_places": field.decimal_places}


class _KeyFilter(django_filters.CharFilter):
    def __init__(self, field: Field[Any, Any], prefix: str, **options: Any) -> None:
        super().__init__(**options)
        self.key = field
        self.prefix = prefix

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: read_key(self.key, self.prefix, value)}) if value else qs


def _filterset_of(resource: type[Resource]) -> type[django_filters.FilterSet]:
    """Return the filters of *resource*: equality on each name in ``filters``."""
    declared: dict[str, Any] = {}
    for name in resource.filters:
        field, path = field_of(resource, name), path_of(resource, name)
        if name in resource.references:
            declared[name] = _KeyFilter(field, resource.references[name], field_name=path)
        elif field.get_internal_type() == "BooleanField":
            declared[name] = django_filters.TypedChoiceFilter(field_name=path, choices=TRUTHS, coerce="true".__eq__)
        elif field.get_internal_type() == "UUIDField":
            declared[name] = django_filters.UUIDFilter(field_name=path)
        elif field.get_internal_type() == "DateField":
            declared[name] = django_filters.DateFilter(field_name=path)
        else:
            declared[name] = django_filters.CharFilter(field_name=path)
    return type(f"{resource.__name__}Filters", (django_filters.FilterSet,), declared)


def _page_size(request: Request) -> int:
    first = whole_number(request.query_params.get("first", str(DEFAULT_PAGE)))
    if first is None or not 1 <= first <= LARGEST_PAGE:
        raise PageInvalid(f"first is a number from 1 to {LARGEST_PAGE}.")
    return first


def _link(request: Request, cursor: str) -> dict[str, str]:
    if not cursor:
        return {}
    query = {**request.query_params.dict(), "after": cursor}
    return {"Link": f'<{request.build_absolute_uri(request.path)}?{urlencode(query)}>; rel="next"'}
