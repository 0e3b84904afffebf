"""What settings make of the environment, and what production refuses to start with."""

import os
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from fleetsync.environment import Environment, Given
from tests.factories import RestaurantFactory

SETTINGS = Path(__file__).resolve().parents[2] / "fleetsync" / "settings.py"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
PRODUCTION = {
    "FLEETSYNC_ENV": "production",
    "FLEETSYNC_SECRET_KEY": "k" * 50,
    "FLEETSYNC_PUBLIC_URL": "https://fleetsync.example",
    "EMAIL_BACKEND": SMTP,
}


@pytest.fixture
def read(monkeypatch):
    """Return a function that reads the settings anew, with this environment and no `.env`."""

    def settings(**given: str) -> dict[str, Any]:
        for name in [name for name in os.environ if name.startswith(("FLEETSYNC_", "EMAIL_", "DEBUG"))]:
            monkeypatch.delenv(name)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(Environment, "ENVIRON", Given())
        monkeypatch.setattr(Environment, "read_env", lambda *_: None)
        return runpy.run_path(str(SETTINGS))

    return settings


class TestKind:
    @pytest.mark.parametrize("kind", ["development", "demo", "test", "replay"])
    def test_may_be_one_of_these_without_any_further_setting(self, read, kind):
        assert read(FLEETSYNC_ENV=kind)["FLEETSYNC_THROTTLE"] is False

    @pytest.mark.parametrize("kind", ["prod", "Production"])
    def test_is_nothing_else(self, read, kind):
        with pytest.raises(ImproperlyConfigured, match=f"FLEETSYNC_ENV: expected one of .*production, got '{kind}'"):
            read(FLEETSYNC_ENV=kind)


class TestProduction:
    def test_starts_with_what_it_needs(self, read):
        settings = read(**PRODUCTION)
        assert (settings["DEBUG"], settings["FLEETSYNC_THROTTLE"], settings["SESSION_COOKIE_SECURE"]) == (
            False,
            True,
            True,
        )

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"DEBUG": "True"}, "DEBUG: .*DEBUG=False"),
            ({"FLEETSYNC_SECRET_KEY": "k" * 49}, "FLEETSYNC_SECRET_KEY: .*openssl rand -hex 40"),
            ({"FLEETSYNC_SECRET_KEY": ""}, "FLEETSYNC_SECRET_KEY: .*openssl rand -hex 40"),
            ({"EMAIL_BACKEND": ""}, "EMAIL_BACKEND: .*EMAIL_HOST"),
            ({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, "EMAIL_BACKEND: .*EMAIL_HOST"),
        ],
    )
    def test_refuses_what_is_not_safe_and_says_what_to_set(self, read, given, told):
        with pytest.raises(ImproperlyConfigured, match=told):
            read(**PRODUCTION | given)


class TestEnvironment:
    def test_an_empty_value_leaves_the_default(self, read):
        settings = read(
            FLEETSYNC_REFRESH_LIFE_S="", FLEETSYNC_POOL_MAX="", FLEETSYNC_THROTTLE="", FLEETSYNC_INSTANCE=""
        )
        assert (settings["FLEETSYNC_REFRESH_LIFE_S"], settings["FLEETSYNC_POOL_MAX"]) == (14 * 86_400, 6)
        assert len(settings["FLEETSYNC_INSTANCE"]) == 8

    def test_a_value_comes_from_a_file_without_its_last_line_end(self, read, tmp_path):
        (tmp_path / "key").write_text("s" * 60 + "\n")
        assert read(FLEETSYNC_SECRET_KEY_FILE=str(tmp_path / "key"))["SECRET_KEY"] == "s" * 60

    def test_mail_goes_where_it_says(self, read):
        settings = read(
            EMAIL_HOST="mail.example",
            EMAIL_PORT="587",
            EMAIL_HOST_USER="us",
            EMAIL_HOST_PASSWORD="secret",
            EMAIL_USE_TLS="True",
        )
        told = [settings[f"EMAIL_{name}"] for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS")]
        assert told == ["mail.example", 587, "us", "secret", True]


@pytest.mark.django_db
class TestBehindTls:
    @pytest.fixture
    def list_of_two(self, read, settings, client):
        """Return a function that asks behind so many proxies, with the header of a proxy that speaks TLS."""

        def answer(proxies: int):
            anew = read(**PRODUCTION, FLEETSYNC_PROXIES=str(proxies))
            for name in ("SECURE_PROXY_SSL_HEADER", "SECURE_HSTS_SECONDS"):
                setattr(settings, name, anew[name])
            RestaurantFactory.create_batch(2)
            return client.get("/api/v1/restaurants?limit=1", HTTP_HOST="testserver", HTTP_X_FORWARDED_PROTO="https")

        return answer

    def test_a_proxy_is_believed_that_the_request_came_by_https(self, list_of_two):
        answer = list_of_two(2)
        assert answer.json()["next"].startswith("https://testserver/api/v1/restaurants?")
        assert answer["Strict-Transport-Security"] == "max-age=31536000"

    def test_without_proxies_nobody_is(self, list_of_two):
        answer = list_of_two(0)
        assert answer.json()["next"].startswith("http://testserver/api/v1/restaurants?")
        assert "Strict-Transport-Security" not in answer
