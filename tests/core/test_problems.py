"""Every error leaves as a problem document."""

import pytest
from django.db import OperationalError
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.test import APIClient

from fleetsync.core import errors, ids
from fleetsync.core.errors import DomainError, Kind
from fleetsync.core.models import Event
from fleetsync.core.problems import STATUS
from tests.core import views
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.views")]


@pytest.fixture
def api() -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(UserFactory())
    return client


def send(client: APIClient, body: str | bytes):
    return client.post("/api/things/poke", body, content_type="application/json")


class TestValidation:
    def test_names_every_field_that_is_wrong(self, api):
        body = {"count": 12, "colour": "red", "place": {"lat": 91, "lng": 0}, "things": [1, "x"], "restaurant_id": "r"}
        response = api.post("/api/things/poke", body)
        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        problem = response.json()
        assert (problem["code"], problem["status"], problem["type"]) == ("invalid", 400, "/docs/problems#invalid")
        assert [(each["attr"], each["code"]) for each in problem["errors"]] == [("colour", "unknown-field")]
        del body["colour"]
        errors = {each["attr"]: each["code"] for each in api.post("/api/things/poke", body).json()["errors"]}
        assert errors == {
            "what": "required",
            "count": "max_value",
            "place.lat": "max_value",
            "things.1": "invalid",
            "restaurant_id": "invalid",
        }
        assert not Event.objects.exists()

    @pytest.mark.parametrize(
        "place",
        [
            '{"lat": true, "lng": 0}',
            '{"lat": "41", "lng": 0}',
            '{"lat": null, "lng": 0}',
            '{"lat": 41}',
            '{"lat": 41, "lng": 0, "srid": 3857}',
            '{"lat": 1e999, "lng": 0}',
            '{"lat": NaN, "lng": 0}',
            '{"lat": Infinity, "lng": 0}',
            '{"lat": 90.0000001, "lng": 0}',
            '{"lat": 0, "lng": -180.0000001}',
            '{"lat": [41], "lng": 0}',
            '"POINT(0 0)"',
            '{"type": "Point", "coordinates": [0, 0]}',
            "[0, 0]",
            "null",
        ],
    )
    def test_takes_coordinates_as_two_numbers_only(self, api, place):
        assert send(api, f'{{"what": "a", "place": {place}}}').status_code == 400
        assert not Event.objects.exists()

    @pytest.mark.parametrize("place", ['{"lat": 90, "lng": 180}', '{"lat": -41.123456789012, "lng": 0}'])
    def test_takes_every_place_on_earth(self, api, place):
        assert send(api, f'{{"what": "a", "place": {place}}}').status_code == 202


class TestBody:
    @pytest.mark.parametrize("body", ["{", "[1,]", '{"a": NaN}', b"\xff\xfe", "{" * 10, "[" * 100_000])
    def test_that_is_not_json_is_a_parse_error(self, api, body):
        response = send(api, body)
        assert (response.status_code, response.json()["code"]) == (400, "parse-error")

    def test_that_is_too_long_is_refused_unread(self, api, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        response = send(api, '{"what": "' + "x" * 1000 + '"}')
        assert (response.status_code, response.json()["code"]) == (413, "payload-too-large")

    @pytest.mark.parametrize("body", ["[]", '"a"', "1", "null", "true"])
    def test_that_is_no_object_is_invalid(self, api, body):
        response = send(api, body)
        assert (response.status_code, response.json()["code"]) == (400, "invalid")

    def test_of_another_type_is_refused(self, api):
        response = api.post("/api/things/poke", "what=a", content_type="application/x-www-form-urlencoded")
        assert (response.status_code, response.json()["code"]) == (415, "unsupported-media-type")
        assert "{" not in response.json()["title"]


class TestExceptionHandler:
    def ask(self, monkeypatch, api, error):
        monkeypatch.setattr(views.Raises, "error", error)
        return api.get("/api/raises")

    @pytest.mark.parametrize("kind", list(Kind))
    def test_answers_a_refusal_with_its_code_and_status(self, monkeypatch, api, kind):
        class Refused(DomainError):
            code = "refused-here"
            title = "It was refused."

        Refused.kind = kind
        response = self.ask(monkeypatch, api, Refused("Because.", attr="what", limit=3))
        assert response.status_code == STATUS[kind]
        assert response["Content-Type"] == "application/problem+json"
        assert response.json() == {
            "type": "/docs/problems#refused-here",
            "title": "It was refused.",
            "status": STATUS[kind],
            "code": "refused-here",
            "detail": "Because.",
            "errors": [{"code": "refused-here", "detail": "Because.", "attr": "what"}],
            "limit": 3,
        }
        assert response.has_header("Retry-After") == (kind in (Kind.TOO_MANY, Kind.UNAVAILABLE))
        assert response.has_header("WWW-Authenticate") == (kind is Kind.UNAUTHENTICATED)

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (exceptions.NotFound, 404, "not-found"),
            (exceptions.PermissionDenied, 403, "permission-denied"),
            (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
            (exceptions.AuthenticationFailed({"detail": "No.", "code": "x"}), 401, "authentication-failed"),
            (errors.IdempotencyInFlight, 409, "idempotency-in-flight"),
        ],
    )
    def test_answers_what_drf_raises(self, monkeypatch, api, error, status, code):
        response = self.ask(monkeypatch, api, error)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert "{" not in response.json()["detail"]

    def test_says_how_long_to_wait(self, monkeypatch, api):
        response = self.ask(monkeypatch, api, exceptions.Throttled(wait=4.2))
        assert (response.status_code, response["Retry-After"]) == (429, "5")

    @pytest.mark.parametrize("error", [PoolTimeout("no connection"), OperationalError("gone")])
    def test_answers_503_when_no_connection_was_free(self, monkeypatch, api, error):
        response = self.ask(monkeypatch, api, error)
        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert response["Retry-After"] == "2"

    def test_answers_a_bug_without_its_trace(self, monkeypatch, api):
        response = self.ask(monkeypatch, api, ZeroDivisionError("secret"))
        assert (response.status_code, response.json()["code"]) == (500, "internal")
        assert b"secret" not in response.content


class TestOutsideTheViews:
    def test_an_unknown_address_is_a_problem_under_api(self, api):
        response = api.get("/api/nowhere")
        assert (response.status_code, response.json()["code"]) == (404, "not-found")
        assert response["Content-Type"] == "application/problem+json"

    def test_an_unknown_host_is_a_problem_under_api(self, api):
        response = api.get("/api/nowhere", headers={"Host": "evil.example"})
        assert (response.status_code, response.json()["code"]) == (400, "bad-request")


class TestPublicIdField:
    def test_takes_an_id_of_its_kind_only(self, api):
        good = ids.encode("rst", ids.uuid7())
        assert api.post("/api/things/poke", {"what": "a", "restaurant_id": good}).status_code == 202
        for bad in (ids.encode("ord", ids.uuid7()), "", 7, None, [good]):
            response = api.post("/api/things/poke", {"what": "a", "restaurant_id": bad})
            assert response.json()["errors"][0]["attr"] == "restaurant_id"
