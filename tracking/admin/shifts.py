"""A driver's shifts, as rows of his page."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Driver
from dispatch.conf import LONGEST_SHIFT_H
from dispatch.models import Shift
from fleetsync.admin_base import RowsInline
from fleetsync.core import clock


class ShiftForm(forms.ModelForm[Shift]):
    """A shift; one that overlaps another is refused beside it."""

    class Meta:
        model = Shift
        fields = ["starts_at", "ends_at"]

    def clean(self) -> dict[str, Any] | None:
        """Refuse an end before the start, and one too long after it."""
        values = super().clean() or self.cleaned_data
        start, end = values.get("starts_at"), values.get("ends_at")
        if start and end and end <= start:
            raise ValidationError({"ends_at": "The shift ends before it begins."})
        if start and end and end - start > timedelta(hours=LONGEST_SHIFT_H):
            raise ValidationError({"ends_at": f"A shift lasts {LONGEST_SHIFT_H} hours at most."})
        return values


class ShiftFormSet(forms.BaseInlineFormSet[Shift, Driver, ShiftForm]):
    """A driver's shifts, none over another."""

    def clean(self) -> None:
        """Say at the row which other shift it runs into."""
        super().clean()
        kept = [form for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        dropped = {form.instance.pk for form in self.forms if form.is_valid() and form.cleaned_data.get("DELETE")}
        taken: list[tuple[datetime, datetime]] = []
        for form in kept:
            start, end = form.cleaned_data.get("starts_at"), form.cleaned_data.get("ends_at")
            if not start or not end or not form.instance._state.adding:
                continue
            stored = Shift.objects.filter(driver=self.instance, starts_at__lt=end, ends_at__gt=start).exclude(
                pk__in=dropped
            )
            others = [
                *stored.values_list("starts_at", "ends_at")[:1],
                *((s, e) for s, e in taken if s < end and e > start),
            ]
            if others:
                begins, ends = others[0]
                form.add_error("starts_at", f"Overlaps the shift {begins:%Y-%m-%d %H:%M} to {ends:%H:%M}.")
            taken.append((start, end))


class ShiftInline(RowsInline):
    """Today's shifts and those to come; a shift is taken off and planned anew, never moved under a driver."""

    model = Shift
    form = ShiftForm
    formset = ShiftFormSet

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shift]:
        """Leave the past to the roster's own list."""
        rows: QuerySet[Shift] = super().get_queryset(request)
        return rows.filter(ends_at__gt=clock.now()).order_by("starts_at", "pk")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody moves one."""
        return False
