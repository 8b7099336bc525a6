"""What the admin classes of several apps share."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest

from apps.core.database import NOTHING

EXACT = "="


class ReadOnlyAdmin(admin.ModelAdmin):
    """
    Rows that only the platform writes: looked at here, changed through services, which audit it.

    A search field that begins with ``=`` is compared as its column is, so that an index answers: Django itself would
    write every id of the table out as text in capitals. All others are looked through for the words of the term, unless
    it is an id.
    """

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows in which an exact field is the term, or the other fields hold each of its words."""
        term = search_term.replace("\x00", "").strip()
        names = [str(name) for name in self.get_search_fields(request)]
        if not term or not names:
            return queryset, False
        exact = [name.removeprefix(EXACT) for name in names if name.startswith(EXACT)]
        loose = [name for name in names if not name.startswith(EXACT)]
        wanted = reduce(or_, (_is(self.model, path, term) for path in exact), NOTHING)
        if loose and not _is_id(term):
            words = ((Q(**{f"{name}__icontains": word}) for name in loose) for word in term.split())
            wanted |= reduce(and_, (reduce(or_, one) for one in words))
        return queryset.filter(wanted), False


def _is(model: type[Model], path: str, term: str) -> Q:
    try:
        return Q(**{path: _field(model, path).to_python(term)})
    except (ValidationError, ValueError):
        return NOTHING  # No value of this column is written so.


def _is_id(term: str) -> bool:
    try:
        UUID(term)
    except ValueError:
        return False
    return True


def _field(model: type[Model], path: str) -> Field[Any, Any]:
    field: Any = None
    owner: Any = model
    for part in path.split("__"):
        field = owner._meta.pk if part == "pk" else owner._meta.get_field(part)
        owner = field.related_model
    return field
