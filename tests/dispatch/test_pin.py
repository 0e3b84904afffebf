"""Proof by PIN at the door."""

import pytest

from dispatch import errors, services
from dispatch.models import Delivery
from fleetsync.core import ids
from fleetsync.core.models import Event
from tests.dispatch.test_views import client_of
from tests.factories import DispatcherFactory

ACTOR = "usr_test"


@pytest.fixture
def at_door(kitchen):
    """Return a delivery on board whose PIN is 0427, and its driver."""
    delivery, driver = kitchen.carried()
    Delivery.objects.filter(pk=delivery.pk).update(pin="0427")
    services.pick_up(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
    return delivery, driver


def strict(kitchen) -> None:
    kitchen.zone.dispatch = {"require_pin": True}
    kitchen.zone.save()


def drop(kitchen, at_door, pin: str | None) -> Delivery:
    delivery, driver = at_door
    return services.drop_off(delivery_id=delivery.pk, driver_id=driver.pk, pin=pin, now=kitchen.now, actor=ACTOR)


class TestOpenDelivery:
    def test_draws_four_digits(self, kitchen):
        pin = kitchen.delivery().pin
        assert (len(pin), pin.isdigit()) == (4, True)


class TestDropOff:
    @pytest.mark.parametrize("pin", [None, "0427"])
    def test_needs_no_pin_where_the_zone_does_not_ask(self, kitchen, at_door, pin):
        assert drop(kitchen, at_door, pin).status == "DELIVERED"

    @pytest.mark.parametrize("asked", [True, False])
    def test_is_refused_for_wrong_digits(self, kitchen, at_door, asked):
        if asked:
            strict(kitchen)
        before = Event.objects.count()
        with pytest.raises(errors.PinWrong) as refusal:
            drop(kitchen, at_door, "0428")
        at_door[0].refresh_from_db()
        assert (at_door[0].status, at_door[0].wrong_pins) == ("EN_ROUTE_TO_DROPOFF", ["0428"])
        assert refusal.value.members == {"tries_left": 4}
        assert Event.objects.count() == before + 1
        assert Event.objects.latest("id").payload["tries_left"] == 4
        assert "0428" not in str(Event.objects.latest("id").payload)

    def test_is_locked_after_five_wrong_tries_even_for_the_right_one(self, kitchen, at_door):
        for digits in range(5):
            with pytest.raises(errors.PinWrong):
                drop(kitchen, at_door, f"100{digits}")
        before = Event.objects.count()
        with pytest.raises(errors.PinLocked):
            drop(kitchen, at_door, "0427")
        at_door[0].refresh_from_db()
        assert (at_door[0].status, Event.objects.count()) == ("EN_ROUTE_TO_DROPOFF", before)
        for reason in ("known-by-phone", "asked-twice"):
            services.waive_pin(delivery_id=at_door[0].pk, reason=reason, now=kitchen.now, actor=ACTOR)
        waived = Event.objects.get(type="delivery.pin_waived")
        assert (waived.payload["reason"], waived.actor) == ("known-by-phone", ACTOR)
        assert drop(kitchen, at_door, None).status == "DELIVERED"

    def test_counts_the_same_digits_once(self, kitchen, at_door):
        for _ in range(7):
            with pytest.raises(errors.PinWrong):
                drop(kitchen, at_door, "1000")
        assert drop(kitchen, at_door, "0427").status == "DELIVERED"

    def test_is_refused_without_digits_where_the_zone_asks(self, kitchen, at_door):
        strict(kitchen)
        with pytest.raises(errors.PinMissing):
            drop(kitchen, at_door, None)
        at_door[0].refresh_from_db()
        assert at_door[0].status == "EN_ROUTE_TO_DROPOFF"
        assert drop(kitchen, at_door, "0427").status == "DELIVERED"

    def test_twice_asks_no_second_time(self, kitchen, at_door):
        strict(kitchen)
        drop(kitchen, at_door, "0427")
        assert drop(kitchen, at_door, None).status == "DELIVERED"

    def test_over_http_names_the_field(self, kitchen, at_door):
        delivery, driver = at_door
        strict(kitchen)
        phone, address = client_of(driver.user), f"/api/v1/deliveries/{ids.public('delivery_id', delivery.pk)}"
        assert phone.get(address).data["pin_required"] is True
        refused = phone.post(f"{address}/drop-off", {"pin": "0428"})
        assert (refused.status_code, refused.data["code"], refused.data["errors"][0]["attr"]) == (
            422,
            "pin-wrong",
            "pin",
        )
        keyed = {"HTTP_IDEMPOTENCY_KEY": "a-tap"}
        assert phone.post(f"{address}/drop-off", {"pin": "0429"}, **keyed).data["tries_left"] == 3
        assert phone.get(address).data["pin_tries_left"] == 3
        assert phone.post(f"{address}/drop-off").data["code"] == "pin-missing"
        assert phone.post(f"{address}/drop-off", {"pin": "12"}).status_code == 400
        assert phone.post(f"{address}/drop-off", {"pin": "0427"}).data["status"] == "DELIVERED"

    def test_is_waived_by_ops_while_somebody_carries_it(self, kitchen, at_door):
        delivery, _ = at_door
        strict(kitchen)
        address = f"/api/v1/deliveries/{ids.public('delivery_id', delivery.pk)}/waive-pin"
        ops, why = client_of(DispatcherFactory()), {"reason": "known-by-phone"}
        silent = ops.post(address)
        assert (silent.status_code, silent.data["errors"][0]["attr"]) == (400, "reason")
        assert Delivery.objects.get(pk=delivery.pk).pin == "0427"
        assert ops.post(address, why).data["pin_required"] is False
        assert drop(kitchen, at_door, None).status == "DELIVERED"
        refused = ops.post(address, why)
        assert (refused.status_code, refused.data["code"]) == (409, "illegal-transition")

    def test_does_not_show_the_driver_the_digits(self, kitchen, at_door):
        delivery, driver = at_door
        answer = client_of(driver.user).get(f"/api/v1/deliveries/{ids.public('delivery_id', delivery.pk)}")
        assert "0427" not in answer.content.decode()
