"""What must hold for orders at any moment; `manage.py check_conservation` asks."""

from collections.abc import Iterator

from fleetsync.core import events as log
from fleetsync.core import ids
from fleetsync.core.conservation import Moment, folded, public_pairs, rows, rule
from fleetsync.core.models import IdempotencyKey
from orders import events
from orders.models import Order
from orders.states import OrderStatus

#: The status an order has after an event of this type; `order.delayed` changes none.
STATUS_AFTER = {
    events.OrderPlaced.type: OrderStatus.PLACED,
    events.OrderAccepted.type: OrderStatus.ACCEPTED,
    events.OrderRejected.type: OrderStatus.REJECTED,
    events.OrderPreparing.type: OrderStatus.PREPARING,
    events.OrderReady.type: OrderStatus.READY,
    events.OrderPickedUp.type: OrderStatus.PICKED_UP,
    events.OrderDelivered.type: OrderStatus.DELIVERED,
    events.OrderCancelled.type: OrderStatus.CANCELLED,
    events.OrderReturning.type: OrderStatus.RETURNING,
    events.OrderReturned.type: OrderStatus.RETURNED,
}


@rule("every order is in the state its events tell")
def _orders_fold(moment: Moment) -> Iterator[str]:
    orders = Order.objects.only("pk", "status")
    return folded(orders, field="order_id", after=STATUS_AFTER, stream_of=lambda row: log.topic_of("order", row.pk))


@rule("every order's lines and fees add up")
def _orders_add_up(moment: Moment) -> Iterator[str]:
    return public_pairs(
        "order_id",
        rows(
            """SELECT o.id, 'lines ' || lines.total || ' of ' || o.subtotal_minor || ', fees ' || fees.total
                            || ' of ' || o.fees_minor
               FROM orders_order AS o
               CROSS JOIN LATERAL (SELECT coalesce(sum(total_minor), 0) AS total
                                   FROM orders_orderline WHERE order_id = o.id) AS lines
               CROSS JOIN LATERAL (SELECT coalesce(sum((fee ->> 'amount_minor')::bigint), 0) AS total
                                   FROM jsonb_array_elements(o.fees) AS fee) AS fees
               WHERE lines.total <> o.subtotal_minor OR fees.total <> o.fees_minor"""
        ),
    )


@rule("no order waits for its kitchen past the deadline")
def _kitchens_answer(moment: Moment) -> Iterator[str]:
    late = Order.objects.filter(status=OrderStatus.PLACED, accept_by__lt=moment.followed).order_by("accept_by", "pk")
    return public_pairs("order_id", ((row.pk, f"since {row.accept_by.isoformat()}") for row in late))


@rule("every stored answer of POST /orders points at one order")
def _answers_have_orders(moment: Moment) -> Iterator[str]:
    for key in IdempotencyKey.objects.filter(route="/api/v1/orders").order_by("pk").iterator():
        public = (key.body or {}).get("id", "")
        try:
            known = Order.objects.filter(pk=ids.private("order_id", public)).exists()
        except ids.BadId:
            known = False
        if not known:
            yield f"{key.key} answered {public or 'nothing'}, which is no order"
