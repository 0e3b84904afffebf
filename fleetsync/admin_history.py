"""What people did in the back office: who, when, what it was before and is after, on the object's own page."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import Point, Polygon
from django.core.files import File
from django.db.models import Model
from django.forms import ModelChoiceField, ModelMultipleChoiceField, MultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from simple_history.admin import SimpleHistoryAdmin

from fleetsync.admin_money import MoneyField
from fleetsync.core import money

MOST: Final = 30
LONGEST: Final = 80
LOOKING: Final = ("GET", "HEAD")


class HistoryAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """Former states of a row, to look at: who may not see the row sees none of them, and nothing is saved here.

    Behind the library's form stands a second way to save, which asks for no right to change and
    knows neither read-only fields nor services.
    """

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """List what the row was like."""
        if request.method not in LOOKING:
            return HttpResponseNotAllowed(LOOKING)
        answer: HttpResponse = super().history_view(request, self._seen(request, object_id), extra_context)
        return answer

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show one former state."""
        if request.method not in LOOKING:
            return HttpResponseNotAllowed(LOOKING)
        if not re.fullmatch(r"[0-9]{1,18}", version_id):
            raise Http404
        key = self._seen(request, object_id)
        answer: HttpResponse = super().history_form_view(request, key, version_id, extra_context)
        return answer

    def revert_disabled(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Offer no way back to a former state."""
        return True

    def _seen(self, request: HttpRequest, object_id: str) -> str:
        """Return the key of a row that is among those this user sees."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return str(row.pk)


def write_history(request: HttpRequest, obj: Model, said: str) -> None:
    """Write into the history of an object what a person did to it."""
    LogEntry.objects.log_actions(
        user_id=cast("UUID", request.user.pk),  # nobody is here without a login
        queryset=[obj],
        action_flag=CHANGE,
        change_message=said,
        single_object=True,
    )


def write_export(request: HttpRequest, model: type[Model], said: str) -> None:
    """Write down that rows were taken out; it is about no single object."""
    LogEntry.objects.create(
        user_id=cast("UUID", request.user.pk),
        content_type=ContentType.objects.get_for_model(model, for_concrete_model=False),
        object_repr=str(model._meta.verbose_name_plural),
        action_flag=CHANGE,
        change_message=said,
    )


def done_by_hand(model: type[Model], object_id: str) -> list[LogEntry]:
    """Return what people did to an object, newest first; one query."""
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
    rows = LogEntry.objects.filter(content_type=kind, object_id=object_id).select_related("user")
    return list(rows.order_by("-action_time", "-pk")[:MOST])


def what_changed(form: Any, formsets: Iterable[Any], *, add: bool) -> str:
    """Return in a line what a form and the rows below it changed, each with before and after."""
    parts = ["Added"] if add else list(_changes(form))
    for formset in formsets:
        name = str(formset.model._meta.verbose_name)
        parts += [f"{name} “{row}” added" for row in getattr(formset, "new_objects", ())]
        parts += [f"{name} “{row}” removed" for row in getattr(formset, "deleted_objects", ())]
        changed = {row.pk for row, _ in getattr(formset, "changed_objects", ())}
        for each in formset.forms:
            if each.instance.pk in changed and each.has_changed():
                parts.append(f"{name} “{each.instance}”: {', '.join(_changes(each))}")
    return "; ".join(part for part in parts if part)


def _changes(form: Any) -> Sequence[str]:
    return [
        f"{str(form.fields[name].label or name).lower()}: {_word(form, name, before)} → {_word(form, name, after)}"
        for name, before, after in ((n, form.initial.get(n), form.cleaned_data.get(n)) for n in form.changed_data)
        if name in form.fields and name not in ("id", "DELETE")
    ]


def _word(form: Any, name: str, value: Any) -> str:
    field = form.fields[name]
    if isinstance(field, MoneyField) and isinstance(value, int):
        return money.words(value, field.currency())
    if isinstance(field, ModelMultipleChoiceField):
        return ", ".join(sorted(str(each) for each in value or ())) or "–"  # noqa: RUF001
    if isinstance(field, ModelChoiceField) and value is not None and not isinstance(value, Model):
        value = field.queryset.filter(pk=value).first() or value  # type: ignore[union-attr]  # a form's has one
    choices = dict(getattr(field, "choices", ()) or ()) if not isinstance(field, ModelChoiceField) else {}
    if isinstance(field, MultipleChoiceField):
        return ", ".join(str(choices.get(each, each)) for each in value or ()) or "–"  # noqa: RUF001
    return _said(choices[value] if choices and value in choices else value)


def _said(value: Any) -> str:
    match value:
        case None | "":
            return "–"  # noqa: RUF001 (an en dash, as everywhere on our pages)
        case True:
            return "yes"
        case False:
            return "no"
        case Point():
            return f"{value.y:.5f}, {value.x:.5f}"
        case Polygon():
            return f"{len(value.exterior_ring) - 1} corners"
        case list() if value and isinstance(value[0], Point):
            return f"{len(value)} corners"
        case File():
            return "a file"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


__all__ = ["HistoryAdmin", "done_by_hand", "what_changed", "write_export", "write_history"]
