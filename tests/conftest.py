"""Real PostgreSQL and Redis; fast password hashing; a clock that starts anew in every test."""

import os
from pathlib import Path

import pytest

from fleetsync.core import clock

SHARED = Path(os.environ.get("FLEETSYNC_SHARED") or Path(__file__).resolve().parents[2] / "shared")


@pytest.fixture(autouse=True)
def _plain_clock_and_quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clock.forget()
    yield
    clock.forget()


@pytest.fixture
def relay(django_db_blocker):
    """Hand on every event that waits, as the relay process would; returns a function."""
    from fleetsync.core.relay import due_streams, hand_on

    def run(limit: int = 50) -> None:
        for _ in range(limit):
            if not sum(hand_on(stream) for stream in due_streams()):
                return
        raise AssertionError("the relay found no end")

    return run


@pytest.fixture
def shared() -> Path:
    """The folder of public data beside the project; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip(f"no public data at {SHARED}: set FLEETSYNC_SHARED")
    return SHARED


@pytest.fixture
def anyone():
    """An API client that is not logged in."""
    from rest_framework.test import APIClient

    return APIClient()


@pytest.fixture
def acting():
    """Return a function that gives an API client with the bearer of a user."""
    from rest_framework.test import APIClient

    from accounts import services

    def client_of(user) -> APIClient:
        client = APIClient()
        login = services.open_login(user=user, real_now=clock.real_now())
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {login.access}")
        return client

    return client_of
