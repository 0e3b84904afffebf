"""What the pages of the back office share: readable lists, safe look-ups, actions that call services."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.gis.db.models import GeometryField
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model, QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin, TabularInline

from fleetsync.admin_maps import PlaceField, shown_place
from fleetsync.core import ids
from fleetsync.core.errors import DomainError


def actor_of(request: HttpRequest) -> str:
    """Return who acts, for the event log."""
    return ids.encode("usr", request.user.pk)  # type: ignore[arg-type]  # nobody is here without a login


def write_history(request: HttpRequest, obj: Model, said: str) -> None:
    """Write into the history of an object what a person did to it."""
    LogEntry.objects.log_actions(
        user_id=cast("UUID", request.user.pk),  # nobody is here without a login
        queryset=[obj],
        action_flag=CHANGE,
        change_message=said,
        single_object=True,
    )


class OpsAdmin(ModelAdmin):  # type: ignore[misc]
    """Base of every page: public ids, searching by them, no spatial look-ups from the address bar."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    #: Prefix of a public id -> look-up it searches, e.g. {"ord": "order_id"}; the row's own is added.
    id_searches: ClassVar[dict[str, str]] = {}
    #: The kind of the row's own public id, e.g. "order_id"; empty: it has none.
    id_kind: ClassVar[str] = ""

    def public_id(self, obj: Model) -> str:
        """Return the id that everybody else sees."""
        return ids.public(self.id_kind, obj.pk)

    public_id.short_description = "id"  # type: ignore[attr-defined]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by public id where the term is one, else by words."""
        prefix, _, _ = search_term.strip().partition("_")
        searches = dict(self.id_searches)
        if self.id_kind:
            searches.setdefault(ids.PREFIXES[self.id_kind], "pk")
        if prefix in searches:
            try:
                key = ids.decode(prefix, search_term.strip())
            except ids.BadId:
                return queryset.none(), False
            return queryset.filter(**{searches[prefix]: key}), False
        return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse spatial look-ups: they take rasters and geometry from the address bar."""
        try:
            field = self.model._meta.get_field(lookup.partition("__")[0])
        except FieldDoesNotExist:
            return False
        return not isinstance(field, GeometryField) and bool(super().lookup_allowed(lookup, value, request))

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """Give points our own offline map."""
        if isinstance(db_field, GeometryField) and db_field.geom_type == "POINT":
            return PlaceField(required=not db_field.blank, label=db_field.verbose_name, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[no-any-return]

    def has_ops_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may use actions: dispatch staff."""
        return bool(getattr(request.user, "is_ops", False))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a service's refusal as a message; what was begun is rolled back."""
        answer: HttpResponse = HttpResponseRedirect(request.get_full_path())
        with told_as_message(request):
            answer = super().changeform_view(request, *args, **kwargs)
        return answer  # noqa: RET504 (a refusal is swallowed on the way here)

    def run(self, request: HttpRequest, rows: QuerySet[Any], done: str, service: Callable[[Any], object]) -> None:
        """Call a service for each row; say how many went well, and why the others did not."""
        good = 0
        for row in rows:
            with told_as_message(request, prefix=f"{row}: "):
                service(row)
                good += 1
        if good:
            self.message_user(request, f"{good} {done}.", messages.SUCCESS)


@contextmanager
def told_as_message(request: HttpRequest, prefix: str = "") -> Iterator[None]:
    """Turn a refusal inside the block into a message of the page."""
    try:
        yield
    except DomainError as error:
        messages.error(request, f"{prefix}{error.detail}")


class ReadOnlyAdmin(OpsAdmin):
    """Something to look at: rows that only services write."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds such rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes them by hand."""
        return False


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows of another table, to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds such rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits them by hand."""
        return False


__all__ = ["OpsAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "actor_of", "shown_place", "told_as_message", "write_history"]
