"""The log-in pages hold whoever tries too many passwords, and nobody beside him."""

import pytest
from axes.models import AccessAttempt
from django.test import Client
from rest_framework.settings import api_settings

from tests.factories import PASSWORD, AdminFactory

pytestmark = pytest.mark.django_db
PAGES = pytest.mark.parametrize("page", ["/login", "/admin/login/"])
EMAIL = "boss@fleetsync.example"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def status_of(page: str, password: str, *, email: str = EMAIL, address: str = HERE, forwarded: str = "") -> int:
    more = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    client = Client(REMOTE_ADDR=address, **more)
    return client.post(page, {"username": email, "password": password}).status_code


@PAGES
class TestGuard:
    def test_holds_after_five_wrong_passwords_even_with_the_right_one(self, page):
        AdminFactory(email=EMAIL)
        assert [status_of(page, "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
        assert status_of(page, PASSWORD) == 429
        assert set(AccessAttempt.objects.values_list("username", "ip_address")) == {(EMAIL, HERE)}

    @pytest.mark.parametrize("other", ["BOSS@FleetSync.example", f"  {EMAIL} "])
    def test_takes_an_address_for_the_same_however_it_is_written(self, page, other):
        AdminFactory(email=EMAIL)
        assert [status_of(page, "wrong", email=other) for _ in range(5)][-1] == 429
        assert (status_of(page, PASSWORD), status_of(page, PASSWORD, email=other)) == (429, 429)

    def test_holds_neither_somebody_elsewhere_nor_another_account_here(self, page):
        AdminFactory(email=EMAIL)
        AdminFactory(email="other@fleetsync.example")
        for _ in range(6):
            status_of(page, "wrong")
        assert status_of(page, PASSWORD, address=ELSEWHERE) == 302
        assert status_of(page, PASSWORD, email="other@fleetsync.example") == 302
        assert status_of(page, PASSWORD) == 429

    def test_forgets_failures_after_the_right_password(self, page):
        AdminFactory(email=EMAIL)
        assert [status_of(page, "wrong") for _ in range(4)] == [200] * 4
        assert status_of(page, PASSWORD) == 302
        assert not AccessAttempt.objects.exists()

    def test_believes_no_header_without_a_proxy(self, page):
        AdminFactory(email=EMAIL)
        assert [status_of(page, "wrong", forwarded=f"203.0.113.{n}") for n in range(5)][-1] == 429
        assert status_of(page, PASSWORD, forwarded="203.0.113.99") == 429

    def test_tells_browsers_behind_a_proxy_apart(self, page, monkeypatch):
        monkeypatch.setattr(api_settings, "NUM_PROXIES", 1, raising=False)
        AdminFactory(email=EMAIL)
        for n in range(5):  # what the browser itself claims stands before what the proxy saw
            status_of(page, "wrong", forwarded=f"203.0.113.{n}, 203.0.113.50")
        assert status_of(page, PASSWORD, forwarded="203.0.113.50") == 429
        assert status_of(page, PASSWORD, forwarded="203.0.113.51") == 302

    def test_counts_where_the_proxy_names_no_address(self, page, monkeypatch):
        monkeypatch.setattr(api_settings, "NUM_PROXIES", 1, raising=False)
        AdminFactory(email=EMAIL)
        assert [status_of(page, "wrong", forwarded=f"unknown-{n}") for n in range(5)][-1] == 429
