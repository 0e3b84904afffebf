"""What the pages of the back office share: readable lists, safe look-ups, actions that call services."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.gis.db.models import GeometryField
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.db.models import Field, Model, QuerySet
from django.forms import Field as FormField
from django.forms.utils import pretty_name
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin, TabularInline

from fleetsync.admin_history import done_by_hand, what_changed, write_history
from fleetsync.admin_lists import EstimatingPaginator
from fleetsync.admin_maps import PlaceField, shown_place
from fleetsync.admin_money import SUFFIX, MoneyField, in_words
from fleetsync.core import ids
from fleetsync.core.errors import DomainError


def actor_of(request: HttpRequest) -> str:
    """Return who acts, for the event log."""
    return ids.encode("usr", request.user.pk)  # type: ignore[arg-type]  # nobody is here without a login


def is_kitchen_staff(request: HttpRequest) -> bool:
    """Say whether the user works for restaurants: then only theirs is shown."""
    return getattr(request.user, "role", None) == "RESTAURANT"


def of_own_kitchens(request: HttpRequest, rows: QuerySet[Any], path: str | None) -> QuerySet[Any]:
    """Return what this user may see of the rows: all, but staff of restaurants those of their own."""
    if not is_kitchen_staff(request):
        return rows
    if path is None:
        return rows.none()
    return rows.filter(**{f"{path}__staff__user".removeprefix("__"): request.user})


class OpsAdmin(ModelAdmin):  # type: ignore[misc]
    """Base of every page: public ids, searching by them, no spatial look-ups from the address bar."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    #: Prefix of a public id -> look-up it searches, e.g. {"ord": "order_id"}; the row's own is added.
    id_searches: ClassVar[dict[str, str]] = {}
    #: Look-up that leads from a row to its restaurant, "" for the restaurant itself; None: nothing for its staff.
    kitchen_path: ClassVar[str | None] = None
    paginator = EstimatingPaginator
    change_form_outer_after_template = "office/history.html"
    #: Leads from the row to the currency of its amounts, which are fields named `…_minor`.
    currency_path: ClassVar[str] = "currency"
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
        except FieldDoesNotExist:  # the name of a filter, or nonsense
            return bool(super().lookup_allowed(lookup, value, request))
        return not isinstance(field, GeometryField) and bool(super().lookup_allowed(lookup, value, request))

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """Give points our own offline map, and let amounts be typed as people write them."""
        if isinstance(db_field, GeometryField) and db_field.geom_type == "POINT":
            label = str(db_field.verbose_name).capitalize()
            return PlaceField(required=not db_field.blank, label=label, help_text=db_field.help_text)
        if db_field.name.endswith(SUFFIX):
            return MoneyField.of(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[no-any-return]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Show amounts in words, but for those that are edited in the list."""
        edited = self.list_editable if self.has_change_permission(request) else ()
        return in_words(super().get_list_display(request), self.currency_path, keep=edited)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Name what is edited in a list: its column's head is no label of it."""
        return named_form(super().get_changelist_form(request, **kwargs))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Show amounts in words to those who look only."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return list(sets)
        return [(title, {**more, "fields": in_words(more["fields"], self.currency_path)}) for title, more in sets]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Show staff of restaurants their own restaurants' rows alone, whatever group they are in."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return of_own_kitchens(request, rows, self.kitchen_path)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let staff of restaurants choose among what they may see."""
        pages = self.admin_site._registry.get(db_field.remote_field.model)
        if is_kitchen_staff(request) and isinstance(pages, OpsAdmin) and "queryset" not in kwargs:
            kwargs["queryset"] = pages.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_ops_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may use actions: the right `operate_…` where the model has one, else dispatch staff."""
        if not any(code == f"operate_{self.opts.model_name}" for code, _ in self.opts.permissions):
            return bool(getattr(request.user, "is_ops", False))
        return bool(request.user.has_perm(f"{self.opts.app_label}.operate_{self.opts.model_name}"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a service's refusal as a message, what was begun is rolled back; below stands what people did."""
        answer: HttpResponse = HttpResponseRedirect(request.get_full_path())
        history = {"done_by_hand": done_by_hand(self.model, object_id) if object_id else []}
        with told_as_message(request):
            answer = super().changeform_view(request, object_id, form_url, history | (extra_context or {}))
        return answer  # noqa: RET504 (a refusal is swallowed on the way here)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Say what was before and what is after, also of the rows below."""
        return what_changed(form, formsets or [], add=add)

    def run(self, request: HttpRequest, rows: QuerySet[Any], done: str, service: Callable[[Any], object]) -> None:
        """Call a service for each row; say how many went well, and why the others did not."""
        good = 0
        pressed = self.get_actions(request).get(request.POST.get("action", ""))
        for row in rows:
            with told_as_message(request, prefix=f"{row}: "), transaction.atomic():
                service(row)
                if pressed is not None and pressed[1] != "delete_selected":
                    write_history(request, row, str(pressed[2]))
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


def named_form(form: type[forms.BaseModelForm[Any]]) -> type[forms.BaseModelForm[Any]]:
    """Return the form of a row in a table, with a name on each of its inputs: their labels are heads of columns."""

    class Named(form):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            row = "" if self.instance._state.adding else f", {self.instance}"
            for name, field in self.fields.items():
                field.widget.attrs.setdefault("aria-label", f"{field.label or pretty_name(name)}{row}")

    return Named


class RowsInline(TabularInline):  # type: ignore[misc]
    """Rows below another one."""

    extra = 0

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        """Name the inputs of each row."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = named_form(formset.form)
        return formset


class PricedInline(RowsInline):
    """Rows below another one; their amounts are typed and shown as people write them."""

    #: Leads from a row to the currency of its amounts.
    currency_path: ClassVar[str] = ""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Show amounts in words to those who look only."""
        names = list(super().get_fields(request, obj))
        return names if self.has_change_permission(request, obj) else in_words(names, self.currency_path)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Show amounts in words; to those who look only a form may not know them."""
        names = in_words(super().get_readonly_fields(request, obj), self.currency_path)
        if self.fields and not self.has_change_permission(request, obj):  # without `fields` a form lists its columns
            shown = in_words(self.fields, self.currency_path)
            names += [name for name in shown if callable(name) and name not in names]
        return names

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """Let amounts be typed as people write them."""
        if db_field.name.endswith(SUFFIX):
            return MoneyField.of(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[no-any-return]


class ReadOnlyInline(PricedInline):
    """Rows of another table, to look at."""

    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds such rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits them by hand."""
        return False


__all__ = [
    "OpsAdmin",
    "PricedInline",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "RowsInline",
    "actor_of",
    "is_kitchen_staff",
    "of_own_kitchens",
    "shown_place",
    "told_as_message",
    "write_history",
]
