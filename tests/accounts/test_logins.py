"""Logging in, token families, and the end of sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from accounts import errors, selectors, services, tokens
from accounts.models import RefreshToken, SocketTicket, TokenFamily, User
from accounts.states import Role
from fleetsync.core import clock, redis
from fleetsync.core.models import Event
from tests.factories import PASSWORD, AdminFactory, DispatcherFactory, DriverFactory, UserFactory

HERE = "192.0.2.1"


def log_in(user, password=PASSWORD, address=HERE):
    return services.log_in(email=user.email, password=password, address=address, real_now=clock.real_now())


def refresh(token, **later):
    return services.refresh_login(token=token, now=clock.now(), real_now=clock.real_now() + timedelta(**later))


def holder_of(access):
    return selectors.user_of_login(claims=tokens.verify(token=access, typ="access", now=clock.real_now()))


@pytest.mark.django_db
class TestLogIn:
    def test_takes_the_address_in_any_case(self):
        user = UserFactory(email="Ada@Example.org")
        login = services.log_in(email=" ada@example.ORG", password=PASSWORD, address=HERE, real_now=clock.real_now())
        assert login.user == user
        assert holder_of(login.access) == user

    @pytest.mark.parametrize("case", ["unknown", "wrong", "closed"])
    def test_refuses_unknown_wrong_and_closed_alike(self, case):
        user = UserFactory(is_active=case != "closed")
        email = "nobody@example.org" if case == "unknown" else user.email
        password = "wrong password" if case == "wrong" else PASSWORD
        with pytest.raises(errors.LoginFailed) as refusal:
            services.log_in(email=email, password=password, address=HERE, real_now=clock.real_now())
        assert (refusal.value.code, refusal.value.detail, refusal.value.members) == (
            "login-failed",
            "E-mail address or password is wrong.",
            {},
        )
        assert not TokenFamily.objects.exists()

    def test_hashes_a_password_for_an_unknown_address_too(self, monkeypatch):
        hashed = []
        monkeypatch.setattr("accounts.services.logins.make_password", hashed.append)
        with pytest.raises(errors.LoginFailed):
            services.log_in(email="nobody@example.org", password="x", address=HERE, real_now=clock.real_now())
        assert hashed == ["x"]

    def test_is_held_after_five_wrong_passwords_even_with_the_right_one(self):
        user = UserFactory()
        for _ in range(5):
            with pytest.raises(errors.LoginFailed):
                log_in(user, "wrong")
        with pytest.raises(errors.TooManyLogins) as refusal:
            log_in(user)
        assert 0 < refusal.value.members["retry_after_s"] <= 60
        assert log_in(user, address="198.51.100.7").user == user  # a stranger locks nobody out

    def test_counts_failures_only(self):
        user = UserFactory()
        for _ in range(20):
            log_in(user)

    def test_is_held_where_failures_cannot_be_counted(self, monkeypatch):
        def down(_command):
            raise redis.RedisDown

        user = UserFactory()
        monkeypatch.setattr(redis, "call", down)
        with pytest.raises(errors.LoginHeld):
            log_in(user)
        assert not TokenFamily.objects.exists()


@pytest.mark.django_db
class TestRefreshLogin:
    def test_gives_a_pair_that_works_and_spends_the_old_one(self):
        user = UserFactory()
        first = log_in(user)
        second = refresh(first.refresh)
        third = refresh(second.refresh)
        assert holder_of(third.access) == user
        assert TokenFamily.objects.count() == 1
        assert RefreshToken.objects.filter(used_at=None).count() == 1

    def test_ends_the_whole_login_when_a_spent_token_comes_again(self):
        user = UserFactory()
        other = log_in(user)
        first = log_in(user)
        second = refresh(first.refresh)
        with pytest.raises(errors.TokenReused):
            refresh(first.refresh)
        with pytest.raises(errors.TokenInvalid):
            refresh(second.refresh)
        with pytest.raises(errors.TokenInvalid):
            holder_of(second.access)
        assert holder_of(other.access) == user  # another login is not touched
        assert [row.type for row in Event.objects.filter(type="user.refresh_token_reused")] == [
            "user.refresh_token_reused"
        ]

    def test_refuses_an_access_token(self):
        with pytest.raises(errors.TokenInvalid):
            refresh(log_in(UserFactory()).access)

    def test_refuses_after_its_life(self):
        token = log_in(UserFactory()).refresh
        with pytest.raises(errors.TokenExpired):
            refresh(token, days=14)
        assert RefreshToken.objects.get().used_at is None

    def test_ends_after_sixty_days_however_often_it_was_refreshed(self):
        token = log_in(UserFactory()).refresh
        for day in range(13, 60, 13):
            token = refresh(token, days=day).refresh
        with pytest.raises(errors.TokenExpired):
            refresh(token, days=60)

    @pytest.mark.parametrize("change", [{"is_active": False}, {"token_version": 1}])
    def test_refuses_a_closed_account_and_an_old_version(self, change):
        user = UserFactory()
        token = log_in(user).refresh
        User.objects.filter(pk=user.pk).update(**change)
        with pytest.raises(errors.TokenInvalid):
            refresh(token)


@pytest.mark.django_db(transaction=True)
class TestRefreshAtOnce:
    def test_lets_one_of_eight_threads_win_and_then_ends_the_login(self):
        token = log_in(UserFactory()).refresh
        start = Barrier(8)

        def spend(_):
            try:
                start.wait()
                return refresh(token)
            except errors.TokenReused:
                return None
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            won = [login for login in pool.map(spend, range(8)) if login is not None]
        assert len(won) == 1
        assert RefreshToken.objects.count() == 2
        family = TokenFamily.objects.get()
        assert family.revoked_because == "reuse"
        with pytest.raises(errors.TokenInvalid):
            refresh(won[0].refresh)
        assert Event.objects.filter(type="user.refresh_token_reused").count() == 1


@pytest.mark.django_db
class TestLogOut:
    def test_ends_this_login_and_its_access_token_and_no_other(self):
        user = UserFactory()
        here, there = log_in(user), log_in(user)
        services.log_out(token=here.refresh, real_now=clock.real_now())
        with pytest.raises(errors.TokenInvalid):
            holder_of(here.access)
        assert holder_of(there.access) == user

    def test_is_harmless_twice_and_for_nonsense(self):
        token = log_in(UserFactory()).refresh
        for each in (token, token, "nonsense"):
            services.log_out(token=each, real_now=clock.real_now())


@pytest.mark.django_db
class TestEndSessions:
    def test_ends_tokens_and_tickets_and_tells_the_sockets(self):
        user = UserFactory()
        login = log_in(user)
        ticket, _ = services.make_socket_ticket(user=user, real_now=clock.real_now())
        services.end_sessions(user=user, reason="test", now=clock.now(), real_now=clock.real_now())
        assert user.token_version == 1
        with pytest.raises(errors.TokenInvalid):
            holder_of(login.access)
        with pytest.raises(errors.TokenInvalid):
            refresh(login.refresh)
        with pytest.raises(errors.TicketInvalid):
            services.use_socket_ticket(ticket=ticket)
        event = Event.objects.get(type="user.sessions_ended")
        assert event.payload["reason"] == "test"
        assert event.stream.startswith("user:usr_")

    def test_ends_the_sessions_of_pages_too(self, client):
        user = UserFactory()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/api/v1/auth/me").status_code == 200
        services.end_sessions(user=user, reason="test", now=clock.now(), real_now=clock.real_now())
        assert client.get("/api/v1/auth/me").status_code == 401


@pytest.mark.django_db
class TestUserOfLogin:
    def test_takes_one_query_and_brings_the_driver_along(self, django_assert_num_queries):
        driver = DriverFactory()
        access = log_in(driver.user).access
        with django_assert_num_queries(1):
            assert holder_of(access).driver == driver

    def test_refuses_a_refresh_token(self):
        with pytest.raises(errors.TokenInvalid):
            holder_of(log_in(UserFactory()).refresh)


@pytest.mark.django_db
class TestUseSocketTicket:
    def test_works_once(self):
        user = UserFactory()
        ticket, _ = services.make_socket_ticket(user=user, real_now=clock.real_now())
        assert services.use_socket_ticket(ticket=ticket) == user
        with pytest.raises(errors.TicketInvalid):
            services.use_socket_ticket(ticket=ticket)

    def test_ends_after_thirty_seconds(self):
        ticket, _ = services.make_socket_ticket(user=UserFactory(), real_now=clock.real_now() - timedelta(seconds=30))
        with pytest.raises(errors.TicketInvalid):
            services.use_socket_ticket(ticket=ticket)

    def test_is_stored_as_a_hash_only(self):
        ticket, _ = services.make_socket_ticket(user=UserFactory(), real_now=clock.real_now())
        assert ticket not in SocketTicket.objects.get().token_hash


@pytest.mark.django_db
class TestForgetSpent:
    def test_deletes_what_can_prove_nothing_and_keeps_the_rest(self):
        user = UserFactory()
        now = clock.real_now()
        services.open_login(user=user, real_now=now - timedelta(days=61))
        services.make_socket_ticket(user=user, real_now=now - timedelta(hours=1))
        kept = services.open_login(user=user, real_now=now)
        assert services.forget_spent(real_now=now) == 3
        assert holder_of(kept.access) == user


@pytest.mark.django_db
class TestChangeRole:
    def test_ends_the_old_rights_at_once(self):
        admin, user = AdminFactory(), UserFactory()
        login = log_in(user)
        services.change_role(user=user, role=Role.DRIVER, admin=admin, now=clock.now(), real_now=clock.real_now())
        with pytest.raises(errors.TokenInvalid):
            holder_of(login.access)
        user = User.objects.get(pk=user.pk)
        assert (user.role, user.is_staff, user.driver.approved_at) == (Role.DRIVER, False, None)

    def test_is_for_admins_and_not_for_oneself(self):
        admin, user = AdminFactory(), UserFactory()
        for who, whom in ((admin, admin), (DispatcherFactory(), user)):
            with pytest.raises(errors.InvitationNotAllowed):
                services.change_role(
                    user=whom, role=Role.CUSTOMER, admin=who, now=clock.now(), real_now=clock.real_now()
                )
        assert User.objects.get(pk=admin.pk).role == Role.ADMIN


@pytest.mark.django_db
class TestDeactivateUser:
    def test_ends_every_session_until_the_account_is_opened_again(self):
        user = UserFactory()
        login = log_in(user)
        services.deactivate_user(user=user, now=clock.now(), real_now=clock.real_now(), actor="test")
        with pytest.raises(errors.TokenInvalid):
            holder_of(login.access)
        with pytest.raises(errors.LoginFailed):
            log_in(user)
        services.activate_user(user=user, now=clock.now(), actor="test")
        assert log_in(user).user == user
