"""Who hears what, as a table over every event of the platform."""

import pytest

from fleetsync.core.events import known_types
from tracking.audience import HEARD, Audience, as_heard, hears, may_open
from tracking.topics import TopicKind

A, K = Audience, TopicKind
OUTSIDE = {"user", "menu", "restaurant", "test"}  # kinds of facts that no topic of the socket carries

#: event -> who hears it on `order:{id}`; C customer and link, D driver, R restaurant; ops hear all.
ON_ORDER = {
    "order.placed": "CR",
    "order.accepted": "CDR",
    "order.rejected": "CR",
    "order.preparing": "CDR",
    "order.delayed": "CDR",
    "order.ready": "CDR",
    "order.picked_up": "CDR",
    "order.delivered": "CDR",
    "order.cancelled": "CDR",
    "order.returning": "CDR",
    "order.returned": "CDR",
    "order.rated": "CR",
    "order.tipped": "CR",
    "delivery.searching": "",
    "delivery.search_retried": "",
    "delivery.assigned": "CDR",
    "delivery.en_route_to_pickup": "DR",
    "delivery.arrived_at_pickup": "CDR",
    "delivery.picked_up": "CDR",
    "delivery.en_route_to_dropoff": "CD",
    "delivery.arrived_at_dropoff": "CD",
    "delivery.delivered": "CDR",
    "delivery.no_driver_found": "R",
    "delivery.reopened": "R",
    "delivery.undeliverable": "DR",
    "delivery.returning": "CDR",
    "delivery.returned": "CDR",
    "delivery.cancelled": "DR",
    "delivery.eta_changed": "CDR",
    "delivery.moved_zone": "",
    "delivery.held": "",
    "delivery.released": "",
    "delivery.prioritized": "",
    "delivery.pin_refused": "",
    "delivery.pin_waived": "CD",
}


def facts_of(home: str) -> set[str]:
    return {kind for kind, cls in known_types().items() if cls.home == home and not kind.startswith("test.")}


class TestHears:
    @pytest.mark.parametrize("kind", sorted(ON_ORDER))
    def test_keeps_the_table_of_an_order(self, kind):
        heard = ON_ORDER[kind]
        assert hears(A.CUSTOMER, K.ORDER, kind) is ("C" in heard)
        assert hears(A.LINK, K.ORDER, kind) is ("C" in heard)
        assert hears(A.DRIVER, K.ORDER, kind) is ("D" in heard)
        assert hears(A.RESTAURANT, K.ORDER, kind) is ("R" in heard)
        assert hears(A.RESTAURANT, K.RESTAURANT, kind) is ("R" in heard)
        for ops in (A.DISPATCHER, A.ADMIN):
            assert all(hears(ops, topic, kind) for topic in (K.ORDER, K.RESTAURANT, K.ZONE))

    def test_knows_every_event_of_an_order(self):
        assert facts_of("order") - {"delivery.unassigned"} <= set(ON_ORDER) | {"delivery.held", "delivery.released"}

    def test_tells_the_driver_of_everything_in_the_own_stream(self):
        assert all(hears(A.DRIVER, K.DRIVER, kind) for kind in facts_of("driver"))

    def test_tells_nobody_of_a_user_s_stream(self):
        for kind in facts_of("user"):
            assert not any(hears(who, topic, kind) for who in A for topic in K if who not in (A.DISPATCHER, A.ADMIN))


class TestMayOpen:
    @pytest.mark.parametrize(
        ("kind", "who"),
        [
            (K.ORDER, set(A)),
            (K.DRIVER, {A.DRIVER}),
            (K.RESTAURANT, {A.RESTAURANT, A.DISPATCHER, A.ADMIN}),
            (K.ZONE, {A.DISPATCHER, A.ADMIN}),
        ],
    )
    def test_names_who_may_open_which_topic(self, kind, who):
        assert {each for each in A if may_open(each, kind)} == who

    def test_covers_every_kind_of_topic(self):
        assert set(HEARD) == set(K)


class TestAsHeard:
    PAYLOAD = {
        "order_id": "ord", "delivery_id": "dlv", "restaurant_id": "rst", "zone_id": "zon", "driver_id": "drv",
        "offer_id": "ofr", "customer_id": "usr", "total_minor": 5, "currency": "USD", "reason": "why", "by": "tap",
    }  # fmt: skip

    def test_gives_a_link_nothing_but_the_order_and_its_moments(self):
        assert as_heard(A.LINK, K.ORDER, self.PAYLOAD) == {"order_id": "ord"}

    def test_hides_people_from_each_other(self):
        assert {"driver_id", "offer_id"}.isdisjoint(as_heard(A.CUSTOMER, K.ORDER, self.PAYLOAD))
        assert "customer_id" not in as_heard(A.RESTAURANT, K.RESTAURANT, self.PAYLOAD)
        assert {"customer_id", "total_minor"}.isdisjoint(as_heard(A.DRIVER, K.ORDER, self.PAYLOAD))

    def test_hides_nothing_from_ops(self):
        assert as_heard(A.DISPATCHER, K.ZONE, self.PAYLOAD) == self.PAYLOAD
