"""Prices in the back office are typed and read as people write them, and kept in minor units."""

import pytest
from django.urls import reverse

from restaurants.models import MenuItem, Restaurant
from tests import factories
from tests.admin.conftest import log_in


def item_page(item: MenuItem) -> str:
    return reverse("admin:restaurants_menuitem_change", args=[item.pk])


def filled(item: MenuItem, price: str) -> dict[str, object]:
    """Return the item's form with a price typed into it."""
    rows = {f"option_groups-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    own = {"restaurant": item.restaurant_id, "category": item.category_id, "name": item.name, "available": "on"}
    return {**rows, **own, "position": 0, "price_minor": price}


@pytest.fixture
def item(db) -> MenuItem:
    return factories.MenuItemFactory(price_minor=1250)


class TestAPrice:
    def test_stands_in_the_form_with_its_currency(self, admin_browser, item):
        content = admin_browser.get(item_page(item)).content.decode()
        assert 'name="price_minor" value="12.50"' in content
        assert "USD" in content

    @pytest.mark.parametrize(
        ("currency", "typed", "minor"), [("USD", "9.5", 950), ("JPY", "950", 950), ("KWD", "1.250", 1250)]
    )
    def test_is_kept_in_minor_units_of_the_restaurants_currency(self, admin_browser, item, currency, typed, minor):
        Restaurant.objects.filter(pk=item.restaurant_id).update(currency=currency)
        assert admin_browser.post(item_page(item), filled(item, typed)).status_code == 302
        item.refresh_from_db()
        assert item.price_minor == minor

    @pytest.mark.parametrize(
        ("typed", "said"), [("9,50", "with a point"), ("-1", "no sign"), ("9.505", "has 2 decimals"), ("", "required")]
    )
    def test_that_is_none_is_refused_with_what_helps(self, admin_browser, item, typed, said):
        answer = admin_browser.post(item_page(item), filled(item, typed))
        assert answer.status_code == 200
        assert said in answer.content.decode()
        item.refresh_from_db()
        assert item.price_minor == 1250

    def test_is_typed_in_the_list_too(self, admin_browser, item):
        page = reverse("admin:restaurants_menuitem_changelist")
        rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": item.pk, "_save": "Save"}
        answer = admin_browser.post(page, {**rows, "form-0-price_minor": "13.75", "form-0-available": "on"})
        assert answer.status_code == 302
        item.refresh_from_db()
        assert item.price_minor == 1375

    def test_is_told_in_words_where_it_changed(self, admin_browser, item):
        admin_browser.post(item_page(item), filled(item, "13"))
        assert "12.50 USD → 13.00 USD" in admin_browser.get(item_page(item)).content.decode()

    def test_is_read_in_words_by_those_who_look_only(self, item):
        from django.contrib.auth.models import Group

        looker = factories.UserFactory(is_staff=True)
        looker.groups.add(Group.objects.get(name="Ops, read only"))
        browser = log_in(looker)
        category = reverse("admin:restaurants_menucategory_change", args=[item.category_id])
        for page in (item_page(item), reverse("admin:restaurants_menuitem_changelist"), category):
            content = browser.get(page).content.decode()
            assert "12.50 USD" in content, page
            assert "1250" not in content, page
