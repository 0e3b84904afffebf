"""What lists of orders can be narrowed by."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from fleetsync.core import ids
from fleetsync.core.errors import InvalidInput
from orders.models import Order
from orders.states import OPEN, OrderStatus


class OrderFilter(filters.FilterSet):
    """`status` (one or several, separated by commas), `restaurant` and `open`."""

    status = filters.CharFilter(method="by_status", label="PLACED, ACCEPTED … one or several, separated by commas.")
    restaurant = filters.CharFilter(method="by_restaurant", label="A restaurant's id.")
    open = filters.BooleanFilter(method="by_open", label="true: not delivered, closed or brought back yet.")

    class Meta:
        model = Order
        fields: list[str] = []

    def by_status(self, queryset: QuerySet[Order], name: str, value: Any) -> QuerySet[Order]:
        """Keep these states."""
        wanted = [part.strip().upper() for part in str(value).split(",") if part.strip()]
        unknown = sorted(set(wanted) - set(OrderStatus.values))
        if unknown:
            raise InvalidInput(f"There is no status {unknown[0]}.", attr="status")
        return queryset.filter(status__in=wanted)

    def by_restaurant(self, queryset: QuerySet[Order], name: str, value: Any) -> QuerySet[Order]:
        """Keep this restaurant's."""
        try:
            restaurant_id: UUID = ids.private("restaurant_id", str(value))
        except ids.BadId as error:
            raise InvalidInput("Not a restaurant's id.", attr="restaurant") from error
        return queryset.filter(restaurant_id=restaurant_id)

    def by_open(self, queryset: QuerySet[Order], name: str, value: bool) -> QuerySet[Order]:
        """Keep what is under way, or what is not."""
        return queryset.filter(status__in=OPEN) if value else queryset.exclude(status__in=OPEN)
