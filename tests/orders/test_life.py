"""Every step from every state: what it does, what it refuses, and that twice is harmless."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest

from fleetsync.core import ids
from fleetsync.core.errors import IllegalTransition, NotFound
from fleetsync.core.models import Event
from orders import errors, services
from orders.models import Order
from orders.states import CANCELLABLE, CARRIABLE, CancelledBy, OrderStatus
from tests.factories import OrderFactory
from tests.orders.conftest import NOW

S = OrderStatus
pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=3)
ACTOR = "usr_01jd6k3v9w8x7y5z4t3s2r1q0p"
TAKEN = (S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP, S.DELIVERED, S.RETURNING, S.RETURNED)


def order_in(status, **fields):
    """Return an order in this state as its life would have left it."""
    if status in TAKEN:
        fields = {"accepted_at": NOW, "ready_at": NOW + timedelta(minutes=15)} | fields
    return OrderFactory(status=status, placed_at=NOW, **fields)


def facts(order):
    stream = f"order:{ids.public('order_id', order.pk)}"
    return [row.type for row in Event.objects.filter(stream=stream).order_by("seq")]


#: Each step as a call, and for each state what it writes, or the refusal.
STEPS = {
    "accept": lambda order: services.accept_order(order_id=order.pk, now=LATER, actor=ACTOR),
    "reject": lambda order: services.reject_order(order_id=order.pk, reason="too-busy", now=LATER, actor=ACTOR),
    "preparing": lambda order: services.mark_preparing(order_id=order.pk, now=LATER, actor=ACTOR),
    "ready": lambda order: services.mark_ready(order_id=order.pk, now=LATER, actor=ACTOR),
    "delay": lambda order: services.delay_order(order_id=order.pk, later=timedelta(minutes=5), now=LATER, actor=ACTOR),
    "pick_up": lambda order: services.mark_picked_up(order_id=order.pk, now=LATER, actor=ACTOR),
    "deliver": lambda order: services.mark_delivered(order_id=order.pk, now=LATER, actor=ACTOR),
    "return": lambda order: services.mark_returning(order_id=order.pk, reason="nobody-home", now=LATER, actor=ACTOR),
    "returned": lambda order: services.mark_returned(order_id=order.pk, now=LATER, actor=ACTOR),
    "cancel": lambda order: services.cancel_order(
        order_id=order.pk, by=CancelledBy.OPS, reason="no-driver", now=LATER, actor=ACTOR
    ),
}
A, P, R, U = "order.accepted", "order.preparing", "order.ready", "order.picked_up"
D, B, H, X, N, W = (
    "order.delivered",
    "order.returning",
    "order.returned",
    "order.cancelled",
    "order.rejected",
    "order.delayed",
)
CLOSED, ILLEGAL, LATE = errors.OrderClosed, IllegalTransition, errors.CancelTooLate
#              PLACED             ACCEPTED        PREPARING    READY     PICKED_UP  DELIVERED REJECTED CANCELLED RETURNING RETURNED
OUTCOMES = {
    "accept":    [[A],            [],             [],          [],       [],        [],       CLOSED,  CLOSED,   [],       []],
    "reject":    [[N],            ILLEGAL,        ILLEGAL,     ILLEGAL,  ILLEGAL,   CLOSED,   [],      CLOSED,   ILLEGAL,  CLOSED],
    "preparing": [[A, P],         [P],            [],          [],       [],        [],       CLOSED,  CLOSED,   [],       []],
    "ready":     [[A, P, R],      [P, R],         [R],         [],       [],        [],       CLOSED,  CLOSED,   [],       []],
    "delay":     [ILLEGAL,        [W],            [W],         ILLEGAL,  ILLEGAL,   CLOSED,   CLOSED,  CLOSED,   ILLEGAL,  CLOSED],
    "pick_up":   [[A, P, R, U],   [P, R, U],      [R, U],      [U],      [],        [],       CLOSED,  CLOSED,   [],       []],
    "deliver":   [[A, P, R, U, D], [P, R, U, D],  [R, U, D],   [U, D],   [D],       [],       CLOSED,  CLOSED,   CLOSED,   CLOSED],
    "return":    [[A, P, R, U, B], [P, R, U, B],  [R, U, B],   [U, B],   [B],       CLOSED,   CLOSED,  CLOSED,   [],       []],
    "returned":  [[A, P, R, U, B, H], [P, R, U, B, H], [R, U, B, H], [U, B, H], [B, H], CLOSED, CLOSED, CLOSED,  [H],      []],
    "cancel":    [[X],            [X],            [X],         [X],      LATE,      CLOSED,   CLOSED,  [],       LATE,     CLOSED],
}  # fmt: skip
STATUS_AFTER = {
    A: S.ACCEPTED, P: S.PREPARING, R: S.READY, U: S.PICKED_UP, D: S.DELIVERED,
    B: S.RETURNING, H: S.RETURNED, X: S.CANCELLED, N: S.REJECTED,
}  # fmt: skip
COLUMNS = (
    S.PLACED, S.ACCEPTED, S.PREPARING, S.READY, S.PICKED_UP, S.DELIVERED, S.REJECTED, S.CANCELLED, S.RETURNING, S.RETURNED
)  # fmt: skip
CASES = [(step, status, OUTCOMES[step][column]) for step, (column, status) in product(OUTCOMES, enumerate(COLUMNS))]


class TestEveryStep:
    def test_covers_every_state(self):
        assert set(COLUMNS) == set(S)
        assert set(OUTCOMES) == set(STEPS)

    @pytest.mark.parametrize(
        ("step", "status", "outcome"), CASES, ids=[f"{step}-{status}" for step, status, _ in CASES]
    )
    def test_from_every_state(self, step, status, outcome):
        order = order_in(status)
        before = Order.objects.filter(pk=order.pk).values().get()
        if isinstance(outcome, type):
            with pytest.raises(outcome) as refusal:
                STEPS[step](order)
            assert refusal.value.members["order_status"] == status
            outcome = []
        else:
            STEPS[step](order)
        assert facts(order) == outcome
        after = Order.objects.filter(pk=order.pk).values().get()
        moved = [STATUS_AFTER[each] for each in outcome if each != W]
        assert after["status"] == (moved[-1] if moved else status)
        if not outcome:
            assert after == before

    @pytest.mark.parametrize("step", STEPS)
    def test_twice_writes_once(self, step):
        order = order_in(S.ACCEPTED if step == "delay" else S.PLACED)
        STEPS[step](order)
        once = facts(order)
        if step != "delay":
            STEPS[step](order)
            assert facts(order) == once

    @pytest.mark.parametrize("step", STEPS)
    def test_of_no_order_is_not_found(self, step):
        with pytest.raises(NotFound):
            STEPS[step](OrderFactory.build(id=uuid4(), customer=None, restaurant=None, zone=None, zone_id=None))
        assert not Event.objects.exists()


class TestAcceptOrder:
    def accept(self, **given):
        order = order_in(S.PLACED, restaurant__preparation_min=20)
        return services.accept_order(order_id=order.pk, now=LATER, actor=ACTOR, **given)

    def test_promises_the_usual_time(self):
        order = self.accept()
        assert (order.accepted_at, order.ready_at) == (LATER, LATER + timedelta(minutes=20))
        event = Event.objects.get()
        assert (event.actor, event.at) == (ACTOR, LATER)
        assert event.payload["ready_at"] == (LATER + timedelta(minutes=20)).isoformat()

    def test_promises_minutes_from_now(self):
        assert self.accept(preparation=timedelta(minutes=7)).ready_at == LATER + timedelta(minutes=7)

    def test_promises_a_moment(self):
        assert self.accept(ready_at=NOW + timedelta(minutes=31)).ready_at == NOW + timedelta(minutes=31)

    def test_takes_a_moment_that_is_past_for_now(self):
        assert self.accept(ready_at=NOW).ready_at == LATER

    @pytest.mark.parametrize(
        "given",
        [
            {"ready_at": LATER, "preparation": timedelta(minutes=7)},
            {"ready_at": LATER + timedelta(hours=4, seconds=1)},
            {"preparation": timedelta(hours=5)},
        ],
        ids=["both", "too-far", "too-long"],
    )
    def test_refuses_what_no_kitchen_means(self, given):
        with pytest.raises(Exception, match=r"not both|four hours"):
            self.accept(**given)
        assert Order.objects.get().status == S.PLACED
        assert not Event.objects.exists()


class TestDelayOrder:
    def test_counts_from_the_promise(self):
        order = order_in(S.PREPARING)
        services.delay_order(order_id=order.pk, later=timedelta(minutes=10), reason="Too busy", now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert order.ready_at == NOW + timedelta(minutes=25)
        assert Event.objects.get().payload["reason"] == "too-busy"

    def test_counts_from_now_when_the_promise_is_past(self):
        order = order_in(S.PREPARING, ready_at=NOW)
        services.delay_order(order_id=order.pk, later=timedelta(minutes=10), now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert order.ready_at == LATER + timedelta(minutes=10)

    def test_takes_an_earlier_moment_too(self):
        order = order_in(S.ACCEPTED)
        services.delay_order(order_id=order.pk, ready_at=NOW + timedelta(minutes=5), now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert order.ready_at == NOW + timedelta(minutes=5)

    def test_to_the_same_moment_says_nothing(self):
        order = order_in(S.ACCEPTED)
        services.delay_order(order_id=order.pk, ready_at=order.ready_at, now=LATER, actor=ACTOR)
        assert facts(order) == []


class TestMarkReady:
    def test_keeps_the_promise_beside_the_fact(self):
        order = order_in(S.PREPARING)
        services.mark_ready(order_id=order.pk, now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert (order.ready_at, order.food_ready_at) == (NOW + timedelta(minutes=15), LATER)
        assert Event.objects.get().payload["ready_at"] == LATER.isoformat()


class TestRejectOrder:
    def test_keeps_the_sentence_and_logs_the_word(self):
        order = order_in(S.PLACED)
        services.reject_order(order_id=order.pk, reason="The oven of Ms Grill is broken", now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert (order.reason, order.closed_at) == ("The oven of Ms Grill is broken", LATER)
        assert Event.objects.get().payload["reason"] == "other"


class TestCancelOrder:
    @pytest.mark.parametrize(("by", "status"), list(product(CancelledBy, S)), ids=str)
    def test_goes_as_far_as_the_table_says(self, by, status):
        order = order_in(status)

        def cancel():
            services.cancel_order(order_id=order.pk, by=by, reason="changed-mind", now=LATER, actor=ACTOR)

        if status in CANCELLABLE[by]:
            cancel()
            order.refresh_from_db()
            assert (order.status, order.closed_at, order.reason) == (S.CANCELLED, LATER, "changed-mind")
            assert Event.objects.get().payload["by"] == by
        elif status == S.CANCELLED:
            cancel()
            assert facts(order) == []
        else:
            with pytest.raises((errors.CancelTooLate, errors.OrderClosed)):
                cancel()
            order.refresh_from_db()
            assert order.status == status
            assert facts(order) == []


class TestRequireOpen:
    @pytest.mark.parametrize("status", S)
    def test_returns_only_what_may_be_carried(self, status):
        order = order_in(status)
        if status in CARRIABLE:
            assert services.require_open(order_id=order.pk).pk == order.pk
        else:
            with pytest.raises(errors.OrderClosed) as refusal:
                services.require_open(order_id=order.pk)
            assert refusal.value.members["order_status"] == status


class TestMarkDelivered:
    def test_dates_the_implied_pick_up(self):
        order = order_in(S.READY)
        services.mark_delivered(order_id=order.pk, now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert (order.picked_up_at, order.delivered_at, order.closed_at) == (LATER, LATER, None)


class TestMarkReturned:
    def test_keeps_why_and_closes(self):
        order = order_in(S.PICKED_UP)
        services.mark_returning(order_id=order.pk, reason="nobody home", now=NOW, actor=ACTOR)
        services.mark_returned(order_id=order.pk, now=LATER, actor=ACTOR)
        order.refresh_from_db()
        assert (order.status, order.reason, order.closed_at) == (S.RETURNED, "nobody home", LATER)
        returning = Event.objects.get(type="order.returning")
        assert returning.payload["reason"] == "nobody-home"
