"""What dispatch hears: kitchens that accept, say ready or late; orders called off; drivers who come, are free or change."""

from accounts.events import DriverProfileChanged, DriverSuspended
from dispatch import services
from dispatch.events import DeliveryPickedUp, DriverFreed, SessionResumed, SessionStarted
from fleetsync.core import clock
from fleetsync.core.events import on
from orders.events import OrderAccepted, OrderCancelled, OrderDelayed, OrderReady, OrderRejected, OrderTipped


@on(OrderAccepted)
def open_delivery(event: OrderAccepted) -> None:
    """Begin the search for a driver. May run twice."""
    services.open_delivery(order_id=event.order_id, ready_at=event.ready_at, now=clock.now())


@on(OrderReady)
def take_over_ready(event: OrderReady) -> None:
    """Take over that the food waits. May run twice."""
    services.note_ready(order_id=event.order_id, ready_at=event.ready_at, now=clock.now())


@on(OrderDelayed)
def take_over_delay(event: OrderDelayed) -> None:
    """Take over when the food is ready. May run twice."""
    services.note_delay(order_id=event.order_id, ready_at=event.ready_at, now=clock.now())


@on(DeliveryPickedUp)
def learn_preparation(event: DeliveryPickedUp) -> None:
    """Let be learned how long the kitchen took. May run twice."""
    services.ask_to_learn(restaurant_id=event.restaurant_id)


@on(OrderCancelled, OrderRejected)
def cancel_delivery(event: OrderCancelled | OrderRejected) -> None:
    """Let the delivery of an order that was called off follow it. May run twice."""
    services.cancel_delivery(order_id=event.order_id, reason=event.reason, now=clock.now())


@on(SessionStarted, SessionResumed, DriverFreed)
def wake_zone(event: SessionStarted | SessionResumed | DriverFreed) -> None:
    """Make the waiting jobs of the zone due: here is somebody for them. May run twice."""
    services.wake_zone(zone_id=event.zone_id, now=clock.now())


@on(DriverSuspended)
def end_session(event: DriverSuspended) -> None:
    """Put a suspended driver offline. May run twice."""
    services.suspend_driver(driver_id=event.driver_id, now=clock.now())


@on(DriverProfileChanged)
def follow_capacity(event: DriverProfileChanged) -> None:
    """Let a live session hold what now fits on the vehicle. May run twice."""
    services.follow_capacity(driver_id=event.driver_id, capacity=event.capacity)


@on(OrderTipped)
def tell_driver_of_tip(event: OrderTipped) -> None:
    """Tell the driver who carried it."""
    services.note_tip(order_id=event.order_id, tip_minor=event.tip_minor, currency=event.currency, now=clock.now())
