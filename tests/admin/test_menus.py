"""Rows of a menu stay where they hang: on the page, in a list and in a table."""

import pytest
import tablib
from django.urls import reverse

from fleetsync.core.models import Event
from restaurants import conf
from restaurants.admin.menus import MenuItemResource
from restaurants.models import MenuItem, Restaurant
from tests import factories
from tests.admin.test_actions import TestMenus

pytestmark = pytest.mark.django_db


def page(row) -> str:
    return reverse(f"admin:restaurants_{row._meta.model_name}_change", args=[row.pk])


def versions() -> dict:
    return dict(Restaurant.objects.values_list("pk", "menu_version"))


class TestOnePage:
    def test_keeps_an_item_with_its_restaurant(self, dispatcher_browser):
        item, other = factories.MenuItemFactory(), factories.MenuCategoryFactory()
        before = versions()
        form = TestMenus().item_form(item)
        for change in ({"restaurant": other.restaurant_id, "category": other.pk}, {"category": other.pk}):
            assert dispatcher_browser.post(page(item), form | change).status_code == 200
        item.refresh_from_db()
        assert (item.restaurant_id, item.category.restaurant_id) == (item.category.restaurant_id, item.restaurant_id)
        assert item.restaurant_id != other.restaurant_id
        assert (versions(), Event.objects.exists()) == (before, False)

    def test_moves_an_item_within_its_menu(self, dispatcher_browser):
        item = factories.MenuItemFactory()
        beside = factories.MenuCategoryFactory(restaurant=item.restaurant)
        form = TestMenus().item_form(item, category=beside.pk)
        assert dispatcher_browser.post(page(item), form).status_code == 302
        item.refresh_from_db()
        assert item.category == beside

    def test_keeps_a_section_with_its_items(self, dispatcher_browser):
        item, other = factories.MenuItemFactory(), factories.RestaurantFactory()
        before = versions()
        body = {"restaurant": other.pk, "name": "New name", "position": 0}
        body |= {"items-TOTAL_FORMS": 0, "items-INITIAL_FORMS": 0}
        assert dispatcher_browser.post(page(item.category), body).status_code == 302
        item.category.refresh_from_db()
        assert (item.category.name, item.category.restaurant_id) == ("New name", item.restaurant_id)
        assert versions() == before | {item.restaurant_id: before[item.restaurant_id] + 1}

    def test_keeps_choices_and_options_with_theirs(self, dispatcher_browser):
        option, other = factories.OptionFactory(), factories.OptionFactory()
        group = option.group
        body = {"item": other.group.item_id, "name": "Size", "least": 0, "most": 1, "position": 0}
        body |= {"options-TOTAL_FORMS": 0, "options-INITIAL_FORMS": 0}
        assert dispatcher_browser.post(page(group), body).status_code == 302
        body = {"group": other.group_id, "name": "Large", "price_minor": "1.00", "position": 0}
        assert dispatcher_browser.post(page(option), body).status_code == 302
        option.refresh_from_db()
        assert (option.name, option.group_id, option.group.item_id) == ("Large", group.pk, group.item_id)


class TestImport:
    def table(self, *rows: dict) -> tablib.Dataset:
        data = tablib.Dataset(headers=list(rows[0]))
        for row in rows:
            data.append(list(row.values()))
        return data

    def row_of(self, item: MenuItem, **changes) -> dict:
        row = {"id": item.pk, "restaurant": item.restaurant_id, "category": item.category_id, "name": item.name}
        return row | {"price_minor": item.price_minor, "available": 1} | changes

    def test_keeps_an_item_with_its_restaurant(self):
        item, other = factories.MenuItemFactory(), factories.MenuCategoryFactory()
        row = self.row_of(item, restaurant=other.restaurant_id, category=other.pk)
        result = MenuItemResource().import_data(self.table(row), rollback_on_validation_errors=True)
        assert result.invalid_rows[0].error_dict == {
            "restaurant": ["An item stays with its restaurant: add it to the other one anew."]
        }
        item.refresh_from_db()
        assert (item.restaurant_id == other.restaurant_id, Event.objects.exists()) == (False, False)

    def test_makes_no_menu_longer_than_the_api_does(self, monkeypatch):
        monkeypatch.setattr(conf, "MAX_ITEMS", 2)
        item = factories.MenuItemFactory()
        new = [self.row_of(item, id="", name=name) for name in ("Soup", "Bread")]
        result = MenuItemResource().import_data(
            self.table(self.row_of(item, price_minor=1), *new), rollback_on_validation_errors=True
        )
        assert [(row.number, row.error_dict) for row in result.invalid_rows] == [
            (3, {"restaurant": ["A restaurant has 2 items at most."]})
        ]
        assert (MenuItem.objects.count(), Event.objects.exists()) == (1, False)
        assert not MenuItemResource().import_data(self.table(*new[:1])).has_validation_errors()
        assert MenuItem.objects.count() == 2
