"""Money in forms and lists of the back office: typed and read as `12.50` of its currency, kept in minor units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from fleetsync.core import money

DASH: Final = "–"  # noqa: RUF001 (an en dash, as everywhere on our pages)
SUFFIX: Final = "_minor"


class MoneyWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """An amount with its currency behind it."""

    currency: Callable[[], str] = staticmethod(lambda: "")

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", "maxlength": 16, **(attrs or {})})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the input; the currency is asked for now, when its form knows it."""
        if currency := self.currency():
            self.attrs["suffix"] = currency
        return super().render(name, value, attrs, renderer)  # type: ignore[no-any-return]


class MoneyField(forms.CharField):
    """An amount typed as `12.50`; its value is the whole number of minor units."""

    widget = MoneyWidget
    currency: Callable[[], str] = staticmethod(lambda: "")

    @classmethod
    def of(cls, column: Field[Any, Any]) -> MoneyField:
        """Return the input for a column of minor units."""
        return cls(label=str(column.verbose_name).removesuffix(" minor").capitalize())

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the input: the stored amount, or what was typed."""
        return money.plain(value, self.currency()) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        """Return minor units, nothing for an empty input.

        Raises:
            ValidationError: it is no amount of this currency.
        """
        text = super().to_python(value)
        try:
            return money.minor_of(text, self.currency()) if text else None
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare amounts, however they are written."""
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class PricedForm(forms.ModelForm[Any]):
    """A form of a row with amounts; `currency` says in what."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = field.widget.currency = self.currency

    def currency(self) -> str:
        """Return the currency of the row's amounts; empty while nobody can know it. Forms of a model say how."""
        return ""


@cache  # a page compares columns by identity
def shown_money(name: str, path: str) -> Callable[[Model], str]:
    """Return a column that shows an amount in words; `path` leads from the row to its currency."""

    @admin.display(description=name.removesuffix(SUFFIX).replace("_", " "), ordering=name)
    def column(obj: Model) -> str:
        amount, currency = getattr(obj, name), obj
        if amount is None or obj._state.adding:
            return DASH
        for step in path.split("."):
            currency = getattr(currency, step)
        return money.words(amount, str(currency))

    column.__name__ = name
    return column


def in_words(names: Iterable[Any], path: str, keep: Sequence[str] = ()) -> list[Any]:
    """Return names of columns or fields with amounts to be read in the place of numbers, but for those to `keep`."""
    return [
        shown_money(name, path) if isinstance(name, str) and name.endswith(SUFFIX) and name not in keep else name
        for name in names
    ]


__all__ = ["MoneyField", "MoneyWidget", "PricedForm", "in_words", "shown_money"]
