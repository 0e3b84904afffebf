"""The driver's and the kitchen's page: who gets in, what they start from, and nothing inline."""

import re

import pytest
from django.test import Client

from accounts.states import Role
from fleetsync.core import ids
from fleetsync.core.problems import server_error
from tests.factories import DriverFactory, RestaurantFactory, RestaurantStaffFactory, StaffUserFactory, UserFactory

pytestmark = pytest.mark.django_db
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=")


def page(client, user, path: str):
    client.force_login(user)
    return client.get(path)


def text(answer) -> str:
    return answer.content.decode()


class TestDriver:
    def test_shows_the_driver_his_own_page(self, client):
        user = DriverFactory().user
        answer = page(client, user, "/driver")
        assert answer.status_code == 200
        assert f'name="user-id" content="{ids.public("user_id", user.pk)}"' in text(answer)
        assert not INLINE.search(text(answer))

    def test_offers_the_rider_outside_the_demo_only_where_the_phone_has_no_position(self, client, settings):
        user = DriverFactory().user
        assert 'name="demo"' not in text(page(client, user, "/driver"))
        settings.FLEETSYNC_ENV = "demo"
        assert 'name="demo"' in text(page(client, user, "/driver"))

    @pytest.mark.parametrize("role", [Role.CUSTOMER, Role.RESTAURANT])
    def test_is_not_for_other_roles(self, client, role):
        assert page(client, UserFactory(role=role), "/driver").status_code == 403


class TestRestaurant:
    def test_opens_the_kitchen_that_was_asked_for_and_lists_the_others(self, client):
        user = StaffUserFactory()
        kitchens = [RestaurantStaffFactory(user=user, restaurant=RestaurantFactory(name=n)).restaurant for n in "AB"]
        answer = page(client, user, f"/restaurant?restaurant={ids.public('restaurant_id', kitchens[1].pk)}")
        assert f'name="restaurant-id" content="{ids.public("restaurant_id", kitchens[1].pk)}"' in text(answer)
        assert text(answer).count("<option") == 2
        assert not INLINE.search(text(answer))

    def test_opens_ones_own_where_a_strangers_is_asked_for(self, client):
        staff = RestaurantStaffFactory()
        other = ids.public("restaurant_id", RestaurantFactory().pk)
        answer = text(page(client, staff.user, f"/restaurant?restaurant={other}"))
        assert other not in answer
        assert ids.public("restaurant_id", staff.restaurant_id) in answer

    def test_says_so_where_there_is_no_kitchen(self, client):
        answer = page(client, StaffUserFactory(), "/restaurant")
        assert "No restaurant is tied to your login" in text(answer)

    def test_is_not_for_drivers(self, client):
        assert page(client, DriverFactory().user, "/restaurant").status_code == 403


class TestWhatLeadsNowhere:
    def test_an_unknown_address_is_a_page_that_names_it_and_leads_home(self, client):
        answer = client.get("/nowhere/<b>")
        assert answer.status_code == 404
        assert "There is no such page" in text(answer)
        assert "/nowhere/%3Cb%3E" in text(answer)
        assert 'href="/">Home' in text(answer)
        assert not INLINE.search(text(answer))

    def test_a_tracking_link_of_nobody_says_what_to_do(self, client):
        answer = client.get("/track/abc")
        assert answer.status_code == 404
        assert "Open it again from the message" in text(answer)

    def test_a_form_without_its_token_says_what_to_do(self):
        answer = Client(enforce_csrf_checks=True).post("/logout")
        assert answer.status_code == 403
        assert "reload the page" in text(answer)

    def test_a_bug_is_a_page_without_its_trace(self, rf):
        try:
            raise ZeroDivisionError("secret")
        except ZeroDivisionError:
            answer = server_error(rf.get("/ops"))
        assert answer.status_code == 500
        assert "Something went wrong here" in text(answer)
        assert "secret" not in text(answer)

    def test_a_host_that_is_not_ours_is_told_so(self, client):
        answer = client.get("/", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert "That cannot be used" in text(answer)
