"""The accounts API over HTTP."""

import re

import pytest
from django.core import mail

from accounts import services, tasks
from accounts.models import Driver, Invitation, User
from accounts.states import Role
from fleetsync.core import clock, ids
from fleetsync.core.models import Event
from restaurants.models import RestaurantStaff
from tests.factories import (
    PASSWORD,
    AdminFactory,
    DispatcherFactory,
    DriverFactory,
    RestaurantFactory,
    StaffUserFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
API = "/api/v1"


def register(client, **body):
    return client.post(f"{API}/auth/register", {"email": "new@example.org", "password": PASSWORD} | body)


class TestRegister:
    @pytest.mark.parametrize("role", ["ADMIN", "DRIVER", "CUSTOMER", "nonsense"])
    def test_makes_a_customer_whatever_the_body_says(self, anyone, role):
        answer = register(anyone, role=role, name="Ada", phone="+14105550123")
        assert answer.status_code == 201
        user = answer.json()["user"]
        assert (user["role"], user["name"], user["phone"]) == ("CUSTOMER", "Ada", "+14105550123")
        assert set(user) == {"id", "email", "name", "phone", "role", "driver_id", "created_at"}
        row = User.objects.get()
        assert (row.role, row.is_staff, row.is_superuser, row.token_version) == ("CUSTOMER", False, False, 0)
        assert row.password.startswith("md5$")  # hashed, whatever the test's hasher

    @pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active", "token_version", "id", "groups"])
    def test_refuses_every_other_field(self, anyone, field):
        answer = register(anyone, **{field: True})
        assert answer.status_code == 400
        assert answer.json()["errors"] == [{"code": "unknown-field", "detail": "Unknown field.", "attr": field}]
        assert not User.objects.exists()

    def test_refuses_an_address_that_is_taken_in_another_case(self, anyone):
        UserFactory(email="New@Example.org")
        answer = register(anyone)
        assert (answer.status_code, answer.json()["code"]) == (409, "email-taken")
        assert User.objects.count() == 1

    @pytest.mark.parametrize("password", ["short", "password123", "new@example.org"])
    def test_refuses_a_weak_password(self, anyone, password):
        answer = register(anyone, password=password)
        assert (answer.status_code, answer.json()["code"]) == (400, "weak-password")
        assert answer.json()["errors"][0]["attr"] == "password"
        assert not User.objects.exists()

    def test_ignores_a_stale_bearer(self, anyone):
        anyone.credentials(HTTP_AUTHORIZATION="Bearer stale")
        assert register(anyone).status_code == 201


class TestLogin:
    def test_answers_alike_for_a_known_and_an_unknown_address(self, anyone):
        UserFactory(email="known@example.org")
        answers = [
            anyone.post(f"{API}/auth/login", {"email": email, "password": "wrong password"})
            for email in ("known@example.org", "unknown@example.org")
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].json() == answers[1].json()
        assert answers[0].json()["code"] == "login-failed"

    def test_is_throttled_with_a_moment_to_come_back(self, anyone):
        user = UserFactory()
        body = {"email": user.email, "password": "wrong password"}
        codes = [anyone.post(f"{API}/auth/login", body).status_code for _ in range(6)]
        assert codes == [401] * 5 + [429]
        answer = anyone.post(f"{API}/auth/login", body | {"password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-logins")
        assert 1 <= int(answer["Retry-After"]) <= 60

    def test_believes_a_forwarded_address_only_from_a_listed_proxy(self, anyone):
        user = UserFactory()
        body = {"email": user.email, "password": "wrong password"}
        codes = [
            anyone.post(f"{API}/auth/login", body, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}").status_code for n in range(6)
        ]
        assert codes[-1] == 429


class TestBearer:
    @pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "bearer \xff"])
    def test_refuses_nonsense_with_401(self, anyone, header):
        anyone.credentials(HTTP_AUTHORIZATION=header)
        answer = anyone.get(f"{API}/auth/me")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
        assert answer["Content-Type"] == "application/problem+json"

    def test_says_that_a_login_is_missing(self, anyone):
        answer = anyone.get(f"{API}/auth/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")

    def test_says_when_a_token_has_expired(self, anyone, settings):
        settings.FLEETSYNC_ACCESS_LIFE_S = 0
        login = services.open_login(user=UserFactory(), real_now=clock.real_now())
        anyone.credentials(HTTP_AUTHORIZATION=f"Bearer {login.access}")
        assert anyone.get(f"{API}/auth/me").json()["code"] == "token-expired"

    def test_is_no_way_in_as_a_query_parameter(self, anyone):
        login = services.open_login(user=UserFactory(), real_now=clock.real_now())
        assert anyone.get(f"{API}/auth/me?token={login.access}&access_token={login.access}").status_code == 401


class TestMe:
    def test_changes_name_and_phone_and_nothing_else(self, acting):
        user = UserFactory()
        client = acting(user)
        answer = client.patch(f"{API}/auth/me", {"name": "Grace", "phone": "+14105550199"})
        assert (answer.status_code, answer.json()["name"], answer.json()["phone"]) == (200, "Grace", "+14105550199")
        for field in ("role", "email", "is_staff", "token_version", "password"):
            assert client.patch(f"{API}/auth/me", {field: "ADMIN"}).status_code == 400
        user.refresh_from_db()
        assert (user.name, user.role) == ("Grace", Role.CUSTOMER)
        assert user.history.count() == 2


class TestRefreshAndLogout:
    def test_walk(self, anyone):
        pair = register(anyone).json()
        second = anyone.post(f"{API}/auth/refresh", {"refresh": pair["refresh"]})
        assert (second.status_code, set(second.json())) == (200, {"access", "refresh"})
        reused = anyone.post(f"{API}/auth/refresh", {"refresh": pair["refresh"]})
        assert (reused.status_code, reused.json()["code"]) == (401, "token-reused")
        third = anyone.post(f"{API}/auth/login", {"email": "new@example.org", "password": PASSWORD}).json()
        assert anyone.post(f"{API}/auth/logout", {"refresh": third["refresh"]}).status_code == 204
        anyone.credentials(HTTP_AUTHORIZATION=f"Bearer {third['access']}")
        assert anyone.get(f"{API}/auth/me").status_code == 401

    def test_an_idempotency_key_does_not_keep_tokens(self, anyone):
        anyone.credentials(HTTP_IDEMPOTENCY_KEY="one")
        assert register(anyone).status_code == 201
        assert register(anyone).status_code == 409


class TestPassword:
    def test_change_ends_every_session(self, acting, anyone):
        user = UserFactory()
        client = acting(user)
        body = {"current_password": PASSWORD, "new_password": "another horse 2"}
        assert client.post(f"{API}/auth/password", body).status_code == 204
        assert client.get(f"{API}/auth/me").status_code == 401
        assert Event.objects.get(type="user.sessions_ended").payload["reason"] == "password_changed"
        login = {"email": user.email, "password": "another horse 2"}
        assert anyone.post(f"{API}/auth/login", login).status_code == 200

    def test_change_needs_the_present_one(self, acting):
        user = UserFactory()
        client = acting(user)
        body = {"current_password": "wrong", "new_password": "another horse 2"}
        answer = client.post(f"{API}/auth/password", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong-password")
        user.refresh_from_db()
        assert user.check_password(PASSWORD)
        assert client.get(f"{API}/auth/me").status_code == 200

    def test_reset_answers_alike_for_a_known_and_an_unknown_address(self, anyone):
        UserFactory(email="known@example.org")
        for email in ("known@example.org", "unknown@example.org"):
            answer = anyone.post(f"{API}/auth/password-reset", {"email": email})
            assert (answer.status_code, answer.content) == (202, b"")
        assert Event.objects.filter(type="user.password_reset_asked").count() == 1

    def test_reset_mails_a_link_that_works_once_and_ends_every_session(self, anyone, acting, relay, monkeypatch):
        user = UserFactory()
        client = acting(user)
        anyone.post(f"{API}/auth/password-reset", {"email": user.email.upper()})
        kicked = []
        monkeypatch.setattr("accounts.handlers.kick", lambda *args: kicked.append(args) or True)
        relay()
        assert kicked == [("accounts.send_password_reset", ids.encode("usr", user.pk))]
        tasks.send_password_reset(target=kicked[0][1])
        (message,) = mail.outbox
        assert message.to == [user.email]
        uid, token = re.search(r"/reset-password#uid=(\w+)&token=([\w-]+)", message.body).groups()
        body = {"uid": uid, "token": token, "new_password": "another horse 2"}
        assert anyone.post(f"{API}/auth/password-reset/confirm", body | {"new_password": "short"}).status_code == 400
        assert anyone.post(f"{API}/auth/password-reset/confirm", body).status_code == 204
        assert client.get(f"{API}/auth/me").status_code == 401
        again = anyone.post(f"{API}/auth/password-reset/confirm", body | {"new_password": "third horse 33"})
        assert (again.status_code, again.json()["code"]) == (410, "reset-invalid")
        user.refresh_from_db()
        assert user.check_password("another horse 2")

    def test_reset_token_of_one_user_does_not_fit_another(self, anyone):
        from django.contrib.auth.tokens import default_token_generator

        user, other = UserFactory(), UserFactory()
        body = {
            "uid": ids.encode("usr", other.pk),
            "token": default_token_generator.make_token(user),
            "new_password": "another horse 2",
        }
        assert anyone.post(f"{API}/auth/password-reset/confirm", body).status_code == 410
        body["uid"] = "nonsense"
        assert anyone.post(f"{API}/auth/password-reset/confirm", body).status_code == 410

    def test_a_mail_that_cannot_be_sent_stays_in_the_outbox(self, anyone, relay, monkeypatch):
        from fleetsync.core.models import Outbox

        anyone.post(f"{API}/auth/password-reset", {"email": UserFactory().email})
        monkeypatch.setattr("accounts.handlers.kick", lambda *args: False)
        relay()
        waiting = Outbox.objects.filter(handler__contains="mail_password_reset").get()
        assert (waiting.handled_at, waiting.attempts) == (None, 1)


class TestInvitations:
    def invite(self, client, **body):
        return client.post(f"{API}/invitations", {"email": "guest@example.org", "role": "DRIVER"} | body)

    def token(self) -> str:
        row = Invitation.objects.get(accepted_at=None)
        tasks.send_invitation(target=ids.encode("inv", row.pk))
        return re.search(r"/accept-invitation#token=([\w-]+)", mail.outbox[-1].body).group(1)

    @pytest.mark.parametrize(
        ("inviter", "role", "status"),
        [
            (DispatcherFactory, "DRIVER", 201),
            (DispatcherFactory, "RESTAURANT", 201),
            (DispatcherFactory, "DISPATCHER", 403),
            (DispatcherFactory, "ADMIN", 403),
            (AdminFactory, "DISPATCHER", 201),
            (AdminFactory, "ADMIN", 201),
            (AdminFactory, "CUSTOMER", 400),
            (UserFactory, "DRIVER", 403),
            (StaffUserFactory, "RESTAURANT", 403),
        ],
    )
    def test_follow_the_table_of_who_invites_whom(self, acting, inviter, role, status):
        assert self.invite(acting(inviter()), role=role).status_code == status
        assert Invitation.objects.exists() == (status == 201)

    def test_keep_the_token_to_the_mail(self, acting):
        answer = self.invite(acting(DispatcherFactory()))
        token = self.token()
        assert token not in answer.content.decode()
        assert Invitation.objects.get().token_hash != token
        assert mail.outbox[0].to == ["guest@example.org"]

    def test_make_an_approved_driver_once(self, acting, anyone):
        self.invite(acting(DispatcherFactory()))
        body = {"token": self.token(), "password": PASSWORD, "name": "Dan", "vehicle": "CAR", "capacity": 4}
        answer = anyone.post(f"{API}/invitations/accept", body)
        assert answer.status_code == 201
        driver = Driver.objects.get()
        assert (driver.vehicle, driver.capacity, driver.user.email) == ("CAR", 4, "guest@example.org")
        assert driver.approved_at is not None
        assert answer.json()["user"]["driver_id"] == ids.encode("drv", driver.pk)
        anyone.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
        assert anyone.get(f"{API}/drivers/me").json()["capacity"] == 4
        anyone.credentials()
        again = anyone.post(f"{API}/invitations/accept", body)
        assert (again.status_code, again.json()["code"]) == (410, "invitation-invalid")

    def test_join_restaurant_staff_and_may_be_heard_twice(self, acting, anyone, relay, monkeypatch):
        from fleetsync.core.models import Outbox

        monkeypatch.setattr("accounts.handlers.kick", lambda *args: True)
        restaurant = RestaurantFactory()
        rst = ids.encode("rst", restaurant.pk)
        self.invite(acting(DispatcherFactory()), role="RESTAURANT", restaurant_id=rst)
        body = {"token": self.token(), "password": PASSWORD}
        assert anyone.post(f"{API}/invitations/accept", body).json()["user"]["role"] == "RESTAURANT"
        relay()
        Outbox.objects.filter(handler__contains="join_invited_staff").update(handled_at=None)
        relay()
        assert RestaurantStaff.objects.get().restaurant == restaurant

    def test_end_when_the_address_is_invited_again_or_the_inviter_falls(self, acting, anyone):
        dispatcher = DispatcherFactory()
        self.invite(acting(dispatcher))
        first = self.token()
        self.invite(acting(dispatcher), role="RESTAURANT")
        refused = anyone.post(f"{API}/invitations/accept", {"token": first, "password": PASSWORD})
        assert refused.status_code == 410
        Invitation.objects.filter(role="DRIVER").delete()
        second = self.token()
        User.objects.filter(pk=dispatcher.pk).update(is_active=False)
        refused = anyone.post(f"{API}/invitations/accept", {"token": second, "password": PASSWORD})
        assert refused.status_code == 410
        assert User.objects.count() == 1

    def test_refuse_an_address_with_an_account(self, acting):
        UserFactory(email="Guest@example.org")
        answer = self.invite(acting(DispatcherFactory()))
        assert (answer.status_code, answer.json()["code"]) == (409, "email-taken")


class TestDrivers:
    def test_change_their_own_vehicle_and_nothing_else(self, acting):
        driver = DriverFactory()
        client = acting(driver.user)
        answer = client.patch(f"{API}/drivers/me", {"vehicle": "BICYCLE", "capacity": 1})
        assert (answer.status_code, answer.json()["vehicle"], answer.json()["capacity"]) == (200, "BICYCLE", 1)
        for field in ("approved_at", "suspended_at", "user_id", "id"):
            assert client.patch(f"{API}/drivers/me", {field: None}).status_code == 400
        assert client.patch(f"{API}/drivers/me", {"capacity": 0}).status_code == 400

    def test_are_decided_about_by_ops(self, acting):
        driver = DriverFactory(approved_at=None)
        one = f"{API}/drivers/{ids.encode('drv', driver.pk)}"
        client = acting(DispatcherFactory())
        assert [row["id"] for row in client.get(f"{API}/drivers").json()["results"]] == [ids.encode("drv", driver.pk)]
        assert client.post(f"{one}/approve").json()["approved_at"] is not None
        assert client.post(f"{one}/suspend", {"reason": "papers"}).json()["suspended_at"] is not None
        assert client.post(f"{one}/suspend", {}).status_code == 200
        assert client.post(f"{one}/reinstate").json()["suspended_at"] is None
        assert list(Event.objects.filter(stream__startswith="driver:").values_list("type", flat=True)) == [
            "driver.approved",
            "driver.suspended",
            "driver.reinstated",
        ]

    @pytest.mark.parametrize("who", [UserFactory, StaffUserFactory, lambda: DriverFactory().user])
    def test_are_hidden_from_everybody_else(self, acting, anyone, who):
        one = f"{API}/drivers/{ids.encode('drv', DriverFactory().pk)}"
        client = acting(who())
        assert client.get(f"{API}/drivers").status_code == 403
        assert client.get(one).status_code == 404
        assert [client.post(f"{one}/{verb}").status_code for verb in ("approve", "suspend", "reinstate")] == [404] * 3
        assert anyone.get(one).status_code == 401


class TestThrottle:
    def test_counts_per_user_and_says_so_in_headers(self, acting, settings, monkeypatch):
        from fleetsync.core import throttles

        settings.FLEETSYNC_THROTTLE = True
        monkeypatch.setitem(throttles.RATES, "read", throttles.Rate(2, 60))
        client, other = acting(UserFactory()), acting(UserFactory())
        first = client.get(f"{API}/auth/me")
        assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("2", "1")
        assert 0 < int(first["RateLimit-Reset"]) <= 60
        client.get(f"{API}/auth/me")
        third = client.get(f"{API}/auth/me")
        assert (third.status_code, third.json()["code"], third["RateLimit-Remaining"]) == (429, "throttled", "0")
        assert int(third["Retry-After"]) >= 1
        assert other.get(f"{API}/auth/me").status_code == 200

    def test_counts_reports_of_positions_apart_from_other_writes(self, acting, settings, monkeypatch):
        from fleetsync.core import throttles

        settings.FLEETSYNC_THROTTLE = True
        monkeypatch.setitem(throttles.RATES, "write", throttles.Rate(1, 60))
        driver = acting(DriverFactory().user)
        report = {"points": [{"lat": 39.29, "lng": -76.61, "recorded_at": clock.now().isoformat(), "seq": 1}]}
        assert [driver.post(f"{API}/positions", report).status_code for _ in range(3)] == [202] * 3
        assert driver.patch(f"{API}/auth/me", {"name": "Ada"}).status_code == 200

    def test_lets_reads_and_writes_pass_without_redis(self, acting, settings, monkeypatch):
        from fleetsync.core import redis

        def down(_command):
            raise redis.RedisDown

        settings.FLEETSYNC_THROTTLE = True
        client = acting(UserFactory())
        monkeypatch.setattr(redis, "call", down)
        assert client.get(f"{API}/auth/me").status_code == 200
        assert client.patch(f"{API}/auth/me", {"name": "Ada"}).status_code == 200
        held = client.post(f"{API}/auth/login", {"email": "a@example.org", "password": "x"})
        assert (held.status_code, held.json()["code"]) == (503, "login-held")
        assert held["Retry-After"] == "2"

    def test_is_off_by_default_outside_production(self, acting):
        assert "RateLimit-Limit" not in acting(UserFactory()).get(f"{API}/auth/me")


class TestPages:
    @pytest.mark.parametrize("address", ["/reset-password", "/accept-invitation"])
    def test_of_mailed_links_send_their_token_to_the_api(self, client, address):
        page = client.get(address)
        assert page.status_code == 200
        target = re.search(r'data-send-to="([^"]+)"', page.content.decode()).group(1)
        assert client.post(target, {}, content_type="application/json").json()["code"] == "invalid"
