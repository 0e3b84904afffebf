"""Menus as staff edit them: one small set of verbs over four kinds of rows."""

from abc import abstractmethod
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import user_of
from fleetsync.core import clock
from fleetsync.core.api import ApiActions, StrictSerializer, actor_of, checked
from restaurants import selectors, services
from restaurants.models import MenuItem, OptionGroup, Restaurant
from restaurants.serializers.menus import (
    CategoryInput,
    CategorySerializer,
    ItemInput,
    ItemSerializer,
    OptionGroupInput,
    OptionGroupSerializer,
    OptionInput,
    OptionSerializer,
)


class MenuActions(ApiActions):
    """List, add, read, change and remove one kind of menu rows below a parent of your own."""

    kind: ClassVar[services.Kind[Any]]
    shape_in: ClassVar[type[StrictSerializer]]
    shape_out: ClassVar[type[serializers.BaseSerializer[Any]]]
    row_id: ClassVar[str]

    @abstractmethod
    def parent(self, request: Request) -> tuple[Restaurant, Restaurant | MenuItem | OptionGroup]:
        """Return the restaurant and what the rows hang on; 404 unless the user may change it."""

    @abstractmethod
    def rows(self, parent: Any) -> QuerySet[Any]:
        """Return the rows below the parent, in order."""

    def list(self, request: Request, **_ids: UUID) -> Response:
        """Return all rows in order; a menu is limited, so there is one page."""
        _, parent = self.parent(request)
        return Response(self.shape_out(self.rows(parent), many=True).data)

    def create(self, request: Request, **_ids: UUID) -> Response:
        """Add a row."""
        restaurant, parent = self.parent(request)
        row = services.add_to_menu(
            kind=self.kind,
            restaurant=restaurant,
            parent=parent,
            values=checked(self.shape_in, request.data),
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(self.shape_out(row).data, status=201)

    def retrieve(self, request: Request, **_ids: UUID) -> Response:
        """Return one row."""
        return Response(self.shape_out(self._row(request)[1]).data)

    def partial_update(self, request: Request, **_ids: UUID) -> Response:
        """Change what was sent, nothing else."""
        restaurant, row = self._row(request)
        services.change_on_menu(
            kind=self.kind,
            restaurant=restaurant,
            row=row,
            changes=checked(self.shape_in, request.data, partial=True),
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(self.shape_out(row).data)

    def destroy(self, request: Request, **_ids: UUID) -> Response:
        """Remove a row and what hangs on it."""
        restaurant, row = self._row(request)
        services.remove_from_menu(restaurant=restaurant, row=row, now=clock.now(), actor=actor_of(request))
        return Response(status=204)

    def _row(self, request: Request) -> tuple[Restaurant, Any]:
        restaurant, parent = self.parent(request)
        return restaurant, selectors.menu_row(rows=self.rows(parent), key=self.kwargs[self.row_id])

    def own_restaurant(self, request: Request) -> tuple[Restaurant, Restaurant]:
        """Return the restaurant of the address twice: it is the parent as well."""
        key = self.kwargs["restaurant_id"]
        restaurant = selectors.restaurant_managed_by(restaurant_id=key, user=user_of(request))
        return restaurant, restaurant


def documented(noun: str, shape_in: Any, shape_out: Any) -> Any:
    """Return a decorator that writes the OpenAPI of the five verbs."""
    return extend_schema_view(
        list=extend_schema(tags=["menus"], summary=f"List {noun}s", responses=shape_out(many=True)),
        create=extend_schema(tags=["menus"], summary=f"Add {noun}", request=shape_in, responses={201: shape_out}),
        retrieve=extend_schema(tags=["menus"], summary=f"Read {noun}", responses=shape_out),
        partial_update=extend_schema(tags=["menus"], summary=f"Change {noun}", request=shape_in, responses=shape_out),
        destroy=extend_schema(tags=["menus"], summary=f"Remove {noun}", responses={204: None}),
    )


@documented("menu category", CategoryInput, CategorySerializer)
class CategoryActions(MenuActions):
    """Sections of a menu."""

    kind = services.CATEGORIES
    shape_in, shape_out, row_id = CategoryInput, CategorySerializer, "category_id"

    def parent(self, request: Request) -> tuple[Restaurant, Restaurant]:
        """Return the restaurant twice."""
        return self.own_restaurant(request)

    def rows(self, parent: Any) -> QuerySet[Any]:
        """Return its sections."""
        return selectors.categories_of(restaurant=parent)


@documented("menu item", ItemInput, ItemSerializer)
class ItemActions(MenuActions):
    """What is sold."""

    kind = services.ITEMS
    shape_in, shape_out, row_id = ItemInput, ItemSerializer, "item_id"

    def parent(self, request: Request) -> tuple[Restaurant, Restaurant]:
        """Return the restaurant twice."""
        return self.own_restaurant(request)

    def rows(self, parent: Any) -> QuerySet[Any]:
        """Return its items."""
        return selectors.items_of(restaurant=parent)


@documented("option group", OptionGroupInput, OptionGroupSerializer)
class OptionGroupActions(MenuActions):
    """Choices of an item."""

    kind = services.GROUPS
    shape_in, shape_out, row_id = OptionGroupInput, OptionGroupSerializer, "group_id"

    def parent(self, request: Request) -> tuple[Restaurant, MenuItem]:
        """Return the item and its restaurant."""
        item = selectors.item_managed_by(item_id=self.kwargs["item_id"], user=user_of(request))
        return item.restaurant, item

    def rows(self, parent: Any) -> QuerySet[Any]:
        """Return the item's choices."""
        return selectors.groups_of(item=parent)


@documented("option", OptionInput, OptionSerializer)
class OptionActions(MenuActions):
    """Options of a choice."""

    kind = services.OPTIONS
    shape_in, shape_out, row_id = OptionInput, OptionSerializer, "option_id"

    def parent(self, request: Request) -> tuple[Restaurant, OptionGroup]:
        """Return the choice and its restaurant."""
        group = selectors.group_managed_by(group_id=self.kwargs["group_id"], user=user_of(request))
        return group.item.restaurant, group

    def rows(self, parent: Any) -> QuerySet[Any]:
        """Return the choice's options."""
        return selectors.options_of(group=parent)
