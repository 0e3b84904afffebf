"""Words of ops to a driver."""

from datetime import timedelta

import pytest

from dispatch import services
from dispatch.conf import CANNED_TEXTS
from dispatch.models import DriverMessage
from fleetsync.core import clock, ids
from fleetsync.core.errors import NotFound
from fleetsync.core.models import Event
from tests.dispatch.test_views import client_of
from tests.factories import DispatcherFactory, DriverFactory, DriverMessageFactory, DriverSessionFactory

SECRET = "Mrs Miller waits on the third floor."


def address(driver) -> str:
    return f"/api/v1/drivers/{ids.public('driver_id', driver.pk)}/messages"


def receipt(row) -> str:
    return f"/api/v1/drivers/me/messages/{ids.public('message_id', row.pk)}/read"


class TestSending:
    def test_reaches_the_driver_and_leaves_no_word_in_the_log(self, db):
        session = DriverSessionFactory()
        sent = client_of(DispatcherFactory()).post(address(session.driver), {"text": SECRET})
        assert (sent.status_code, sent.data["text"], sent.data["read_at"]) == (201, SECRET, None)
        shown = client_of(session.driver.user).get("/api/v1/drivers/me/live").data["messages"]
        assert [each["id"] for each in shown] == [sent.data["id"]]
        fact = Event.objects.get()
        assert (fact.type, fact.stream) == (
            "driver.message_sent",
            f"driver:{ids.public('driver_id', session.driver_id)}",
        )
        assert fact.payload == {
            "driver_id": ids.public("driver_id", session.driver_id),
            "zone_id": ids.public("zone_id", session.zone_id),
            "message_id": sent.data["id"],
        }

    def test_takes_a_ready_text_by_its_code(self, db):
        ops, driver = client_of(DispatcherFactory()), DriverFactory()
        texts = {each["code"]: each["text"] for each in ops.get("/api/v1/message-texts").data}
        assert texts == CANNED_TEXTS
        assert ops.post(address(driver), {"canned": "call-us"}).data["text"] == CANNED_TEXTS["call-us"]
        assert Event.objects.get().payload["zone_id"] is None

    @pytest.mark.parametrize(
        "body",
        [{}, {"text": ""}, {"text": "x" * 501}, {"canned": "hello"}, {"text": "x", "canned": "call-us"}],
    )
    def test_is_refused_without_words_with_too_many_or_with_both(self, db, body):
        assert client_of(DispatcherFactory()).post(address(DriverFactory()), body).status_code == 400
        assert not DriverMessage.objects.exists()
        assert not Event.objects.exists()

    def test_to_nobody_is_not_found(self, db):
        with pytest.raises(NotFound):
            services.send_message(
                driver_id=ids.uuid7(), sender=DispatcherFactory(), text="x", now=clock.now(), actor="usr_test"
            )


class TestReading:
    def test_is_noted_once_and_shown_to_ops(self, db):
        row = DriverMessageFactory()
        phone = client_of(row.driver.user)
        first = phone.post(receipt(row)).data["read_at"]
        assert phone.post(receipt(row)).data["read_at"] == first
        assert [fact.type for fact in Event.objects.all()] == ["driver.message_read"]
        assert phone.get("/api/v1/drivers/me/live").data["messages"] == []
        [listed] = client_of(DispatcherFactory()).get(address(row.driver)).data["results"]
        assert listed["read_at"] == first
        assert [each["id"] for each in phone.get("/api/v1/drivers/me/messages").data["results"]] == [listed["id"]]

    def test_of_another_drivers_is_not_found(self, db):
        row = DriverMessageFactory()
        assert client_of(DriverFactory().user).post(receipt(row)).status_code == 404
        row.refresh_from_db()
        assert row.read_at is None


class TestForgetMessages:
    def test_drops_what_is_old(self, db):
        now = clock.now()
        kept = DriverMessageFactory(sent_at=now)
        DriverMessageFactory(sent_at=now - timedelta(days=31))
        assert services.forget_messages(before=now - timedelta(days=30)) == 1
        assert DriverMessage.objects.get() == kept
