"""The same POST again is answered, not done again."""

import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from fleetsync.core.models import Event, IdempotencyKey
from tests.core import views
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.views")]


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.force_authenticate(UserFactory())
    return client


def post(client: APIClient, path: str = "/api/things", key: str | None = "k1", **body):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, {"what": "a"} | body, headers=headers)


class TestReplay:
    @pytest.mark.parametrize("path", ["/api/things", "/api/things/poke", "/api/plain"])
    def test_answers_the_same_request_with_the_stored_answer(self, api, path):
        first, second = post(api, path), post(api, path)
        assert first.status_code == second.status_code == 202
        assert first.json() == second.json()
        assert second["Location"] == first["Location"]
        assert second["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first
        assert Event.objects.count() == 1

    def test_does_two_keys_twice(self, api):
        assert post(api, key="k1").json()["id"] != post(api, key="k2").json()["id"]
        assert Event.objects.count() == 2

    def test_keeps_users_apart(self, api):
        other = APIClient()
        other.force_authenticate(UserFactory())
        assert post(api).json()["id"] != post(other).json()["id"]

    def test_keeps_routes_apart(self, api):
        assert post(api, "/api/things").json()["id"] != post(api, "/api/plain").json()["id"]

    def test_sees_the_same_body_whatever_the_order_of_its_members(self, api):
        first = api.post(
            "/api/things",
            '{"what": "a", "count": 1}',
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )
        second = api.post(
            "/api/things", '{"count":1,"what":"a"}', content_type="application/json", headers={"Idempotency-Key": "k"}
        )
        assert second.json() == first.json()

    def test_refuses_another_body_under_the_same_key(self, api):
        post(api)
        response = post(api, what="b")
        assert response.status_code == 422
        assert response.json()["code"] == "idempotency-mismatch"
        assert Event.objects.count() == 1


class TestRefusal:
    @pytest.mark.parametrize(
        ("body", "status"), [({"what": ""}, 400), ({"what": "late refusal"}, 409), ({"what": "own 409"}, 409)]
    )
    def test_stores_nothing_and_may_be_tried_again(self, api, body, status):
        assert post(api, **body).status_code == status
        assert not Event.objects.exists()
        assert not IdempotencyKey.objects.exists()
        assert post(api).status_code == 202


class TestTheKey:
    @pytest.mark.parametrize("path", ["/api/things", "/api/plain"])
    def test_is_demanded_where_the_view_says_so(self, api, path):
        response = post(api, path, key=None)
        assert response.status_code == 400
        assert response.json()["code"] == "idempotency-key-missing"
        assert not Event.objects.exists()

    def test_may_be_left_out_elsewhere(self, api):
        assert post(api, "/api/things/poke", key=None).status_code == 202

    def test_says_nothing_where_the_view_ignores_it(self, api):
        assert post(api, "/api/things/ping").json()["id"] != post(api, "/api/things/ping").json()["id"]
        assert not IdempotencyKey.objects.exists()

    def test_says_nothing_without_a_login(self):
        client = APIClient()
        assert post(client, "/api/public").json()["id"] != post(client, "/api/public").json()["id"]
        assert not IdempotencyKey.objects.exists()

    @pytest.mark.parametrize("key", ["x" * 256, "tab\there"])
    def test_is_short_and_printable(self, api, key):
        assert post(api, key=key).json()["code"] == "invalid"
        assert not Event.objects.exists()

    def test_is_checked_after_the_login(self):
        assert post(APIClient(), key=None).status_code in (401, 403)

    def test_does_not_turn_an_unknown_method_into_a_bug(self, api):
        assert post(api, "/api/read-only").status_code == 405

    @pytest.mark.parametrize("body", ['{"what": 10000000000000000000000000000000}', '{"what": "\\ud800"}'])
    def test_copes_with_every_json_body(self, api, body):
        response = api.post("/api/things", body, content_type="application/json", headers={"Idempotency-Key": "k"})
        assert response.status_code in (202, 400)


@pytest.mark.django_db(transaction=True)
def test_fifty_requests_at_once_have_one_effect():
    user = UserFactory()
    start = threading.Barrier(50)
    answers: list[tuple[int, str]] = []

    def work() -> None:
        client = APIClient()
        client.force_authenticate(user)
        try:
            start.wait(20)
            response = post(client)
            answers.append((response.status_code, response.json().get("id") or response.json()["code"]))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 50
    assert Event.objects.count() == 1
    done = {answer for status, answer in answers if status == 202}
    assert len(done) == 1
    others = {(status, answer) for status, answer in answers if status != 202}
    assert others <= {(409, "idempotency-in-flight"), (503, "overloaded")}


def test_views_of_this_test_stand_on_the_shared_bases():
    assert views.Things.idempotency_required_actions == ("create",)
