"""Every model has its pages: they answer, cost a bounded number of queries, and show no secret."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fleetsync.admin_base import OpsAdmin, ReadOnlyAdmin

OURS = ("accounts", "restaurants", "orders", "dispatch", "tracking", "core")
MODELS = [
    model
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    if not model.__name__.startswith("Historical")
]
BY_NAME = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@BY_NAME
class TestEveryModel:
    def test_is_registered_readable_and_searchable(self, model):
        page = admin.site._registry[model]
        assert isinstance(page, OpsAdmin)
        assert page.list_display != ("__str__",)
        assert page.search_fields
        assert page.ordering
        last = page.ordering[-1].lstrip("-")
        unique = {"pk", "id", model._meta.pk.name, *(field.name for field in model._meta.fields if field.unique)}
        assert last in unique or last in {f"{name}_id" for name in unique}, "an order must end on a unique key"


class TestEveryPage:
    def test_lists_and_shows_rows_without_inline_script_of_ours(self, admin_browser, fill):
        fill()
        wrong = []
        for model in MODELS:
            row = model._default_manager.order_by("pk").last()
            pages = [address(model, "changelist"), address(model, "change", row.pk)]
            if not isinstance(admin.site._registry[model], ReadOnlyAdmin):
                pages.append(address(model, "add"))
            for page in pages:
                answer = admin_browser.get(page)
                allowed = (200, 403) if page.endswith("/add/") else (200,)
                if answer.status_code not in allowed or b"<script>" in answer.content.partition(b"data-fs-map")[2]:
                    wrong.append((page, answer.status_code))
        assert wrong == []

    def test_is_searched_by_words_and_ids_without_failing(self, admin_browser, fill):
        fill()
        terms = ("ada", "ord_01jd6k3v9w8x7y5z4t3s2r1q0p", "rst_oops", "100%", "'; --")
        pages = [(address(model, "changelist"), term) for model in MODELS for term in terms]
        assert [(page, q) for page, q in pages if admin_browser.get(page, {"q": q}).status_code != 200] == []

    def test_costs_as_many_queries_for_five_rows_as_for_one(self, admin_browser, fill):
        fill()
        one = self.queries(admin_browser)
        one = self.queries(admin_browser)
        for _ in range(4):
            fill()
        assert self.queries(admin_browser) == one
        assert {name: number for name, number in one.items() if number > 16} == {}

    def queries(self, browser) -> dict[str, int]:
        found = {}
        for model in MODELS:
            with CaptureQueriesContext(connection) as captured:
                browser.get(address(model, "changelist"))
            found[model._meta.label] = len(captured)
        return found

    def test_keeps_statuses_and_logs_from_being_edited(self, admin_browser, fill):
        fill()
        answers = {}
        for model in MODELS:
            if isinstance(admin.site._registry[model], ReadOnlyAdmin):
                row = model._default_manager.order_by("pk").last()
                answers[model._meta.label] = (
                    admin_browser.post(address(model, "change", row.pk), {"status": "X"}).status_code,
                    admin_browser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code,
                    admin_browser.get(address(model, "add")).status_code,
                )
        assert len(answers) >= 20
        assert {name: codes for name, codes in answers.items() if codes != (403, 403, 403)} == {}


def test_refuses_spatial_look_ups_from_the_address_bar(admin_browser, fill):
    fill()
    for model in MODELS:
        if any(field.name == "point" for field in model._meta.fields):
            answer = admin_browser.get(address(model, "changelist"), {"point__contains": "POINT(0 0)"})
            assert answer.status_code in (302, 400), model
            answer = admin_browser.get(address(model, "changelist"), {"point__bboverlaps": '{"driver": "x"}'})
            assert answer.status_code in (302, 400), model


def test_shows_no_secret(admin_browser, fill):
    fill()
    for label, secret in (("accounts.Invitation", "token_hash"), ("accounts.User", "password")):
        model = apps.get_model(label)
        row = model._default_manager.order_by("pk").last()
        assert str(getattr(row, secret)).encode() not in admin_browser.get(address(model, "change", row.pk)).content


class TestIndex:
    def test_shows_the_ops_queues(self, admin_browser, fill):
        fill()
        content = admin_browser.get("/admin/").content.decode()
        assert "/admin/core/outbox/?state=parked" in content
        assert "/admin/dispatch/delivery/?status__exact=NO_DRIVER_FOUND" in content

    def test_is_for_dispatch_staff(self, db, client):
        from tests.admin.conftest import log_in
        from tests.factories import UserFactory

        assert client.get("/admin/").status_code == 302
        assert log_in(UserFactory()).get("/admin/").status_code == 302


class TestDispatcher:
    def test_looks_at_work_but_not_at_logins(self, dispatcher_browser, fill):
        fill()
        for model in MODELS:
            hidden = model.__name__ in ("TokenFamily", "RefreshToken", "SocketTicket", "IdempotencyKey")
            answer = dispatcher_browser.get(address(model, "changelist"))
            assert answer.status_code == (403 if hidden else 200), model

    def test_keeps_restaurants_but_not_zones_or_users(self, dispatcher_browser, fill):
        fill()
        for label, may in (("restaurants.Restaurant", True), ("restaurants.Zone", False), ("accounts.User", False)):
            model = apps.get_model(label)
            row = model._default_manager.order_by("pk").last()
            content = dispatcher_browser.get(address(model, "change", row.pk)).content.decode()
            assert ('name="_save"' in content) == may, label


class TestRefusal:
    def test_has_a_page_of_its_own(self, admin_browser):
        answer = admin_browser.get("/admin/accounts/invitation/add/")
        assert answer.status_code == 403
        assert "This is not yours to do" in answer.content.decode()


class TestNames:
    def test_stand_on_every_input_of_a_row(self, admin_browser):
        from tests.factories import MenuItemFactory

        item = MenuItemFactory(name="Corned beef")
        section = admin_browser.get(address(type(item.category), "change", item.category_id)).content.decode()
        assert f'aria-label="Price, {item}"' in section
        assert 'aria-label="Price"' in section  # of the row to come
        assert f'aria-label="Price, {item}"' in admin_browser.get(address(type(item), "changelist")).content.decode()
