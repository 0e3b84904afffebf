"""A client that speaks for a user; menus cached in Redis start from nothing."""

import pytest
from rest_framework.test import APIClient

from accounts import services
from fleetsync.core import clock, redis


@pytest.fixture(autouse=True)
def _nothing_cached():
    redis.call(lambda client: client.flushdb())


@pytest.fixture
def anyone() -> APIClient:
    """Somebody who is not logged in."""
    return APIClient()


@pytest.fixture
def acting():
    """Return a client with the bearer of a user."""

    def client_of(user) -> APIClient:
        client = APIClient()
        login = services.open_login(user=user, real_now=clock.real_now())
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {login.access}")
        return client

    return client_of
