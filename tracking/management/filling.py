"""Many rows by SQL, from one row made by the models: new columns come along by themselves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.contrib.gis.geos import Point, Polygon
from django.db import connection
from django.db.models import Model

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.models import DecisionRecord, Delivery, DispatchJob, DriverPosition, DriverSession, Offer
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync.core import clock
from fleetsync.core.models import Event, FeedEntry, FeedHead, Outbox, StreamHead
from orders.models import Order, OrderLine
from orders.states import OrderStatus
from restaurants.models import MenuCategory, MenuItem, Restaurant, Zone
from tracking.models import PositionTrail

CITY: Final = Point(-76.61, 39.29, srid=4326)
RESTAURANTS: Final = 200
DRIVERS: Final = 1000
CUSTOMERS: Final = 20_000
DAYS: Final = 7
#: So many orders are still on their way.
OPEN: Final = 300
#: Kind -> the piece of the UUID that tells it apart.
KINDS: Final = {
    "restaurant": 1,
    "user": 2,
    "driver": 3,
    "session": 4,
    "order": 5,
    "delivery": 6,
    "event": 7,
    "category": 8,
}


def key(kind: str, number: str = "n") -> str:
    """Return the SQL of the id of row `number` of a kind: ordered by number, as real ids are by time."""
    return f"('01900000-0000-7000-{KINDS[kind]:04x}-' || lpad(to_hex({number}), 12, '0'))::uuid"


def multiply(template: Model, number: int, **values: str) -> None:
    """Copy a stored row `number` times; `values` give the SQL of columns that differ, `n` counts from 1."""
    meta = template._meta
    columns = [field.column for field in meta.concrete_fields if field.column]
    shown = ", ".join(f'"{column}"' for column in columns)
    taken = ", ".join(values.get(column, f't."{column}"') for column in columns).replace("%", "%%")
    if meta.pk.column not in values:
        raise ValueError(f"{meta.label}: {meta.pk.column} must differ")
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{meta.db_table}" ({shown}) SELECT {taken} '  # noqa: S608  # our own words
            f'FROM "{meta.db_table}" t, generate_series(1, %s) n WHERE t."{meta.pk.column}" = %s',
            [number, template.pk],
        )


class Filler:
    """Fills an empty database with a city that has had `orders` orders in a week; `steps` are to be called in order."""

    def __init__(self, *, orders: int) -> None:
        self.orders = orders
        self.now = clock.now()
        self.steps: list[tuple[str, Callable[[], None]]] = [
            ("places", self.places),
            ("people", self.people),
            ("orders", self.order_rows),
            ("deliveries", self.deliveries),
            ("offers", self.offers),
            ("events", self.events),
            ("trails", self.trail),
            ("statistics", self.analyze),
        ]

    def places(self) -> None:
        """Make a zone, its kitchens and their menus."""
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        area = Polygon.from_bbox((-76.73, 39.20, -76.49, 39.38))
        area.srid = 4326
        self.zone = Zone.objects.create(name="Scratch", polygon=area, time_zone="America/New_York")
        self.restaurant = Restaurant.objects.create(
            name="Kitchen 0", zone=self.zone, point=CITY, address="1 Pratt Street", time_zone="America/New_York",
            always_open=True,
        )  # fmt: skip
        multiply(self.restaurant, RESTAURANTS, id=key("restaurant"), name="'Kitchen ' || n")
        category = MenuCategory.objects.create(restaurant=self.restaurant, name="Mains")
        multiply(category, RESTAURANTS, id=key("category"), restaurant_id=key("restaurant"))
        item = MenuItem.objects.create(restaurant=self.restaurant, category=category, name="Dish 0", price_minor=900)
        multiply(
            item, RESTAURANTS * 50, id="gen_random_uuid()", name="'Dish ' || n",
            restaurant_id=key("restaurant", f"(1 + n % {RESTAURANTS})"), category_id=key("category", f"(1 + n % {RESTAURANTS})"),
        )  # fmt: skip

    def people(self) -> None:
        """Make drivers who are online, and customers."""
        user = User.objects.create_user("p0@fleetsync.example", name="Person 0", role=Role.CUSTOMER)
        email = "'p' || n || '@fleetsync.example'"
        role = f"CASE WHEN n <= {DRIVERS} THEN 'DRIVER' ELSE 'CUSTOMER' END"
        multiply(user, DRIVERS + CUSTOMERS, id=key("user"), email=email, name="'Person ' || n", role=role)
        driver = Driver.objects.create(user=user, approved_at=self.now)
        multiply(driver, DRIVERS, id=key("driver"), user_id=key("user"), plate="'P ' || n")
        session = DriverSession.objects.create(
            driver=driver, zone=self.zone, capacity=2, started_at=self.now - timedelta(hours=4),
            lease_until=self.now + timedelta(hours=1),
        )  # fmt: skip
        multiply(session, DRIVERS, id=key("session"), driver_id=key("driver"))
        position = DriverPosition.objects.create(
            driver=driver, point=CITY, cell=CITY, recorded_at=self.now, received_at=self.now
        )
        multiply(position, DRIVERS, driver_id=key("driver"))
        self.user, self.driver, self.session = user, driver, session

    def order_rows(self) -> None:
        """Make the orders and a line for each; all but the last are delivered, one in nine late."""
        placed = self.now - timedelta(days=DAYS)
        self.order = Order.objects.create(
            customer=self.user, restaurant=self.restaurant, zone=self.zone, status=OrderStatus.DELIVERED, code="0000",
            dropoff_point=CITY, dropoff_address="9 Charles Street", currency="USD", subtotal_minor=1000,
            total_minor=1000, placed_at=placed, accept_by=placed, promised_at=placed + timedelta(minutes=45),
        )  # fmt: skip
        self.placed = f"t.placed_at + interval '{DAYS} days' * (n::float8 / {self.orders})"
        self.over = f"(n <= {self.orders - OPEN})"
        arrived = f"CASE WHEN {self.over} THEN {self.placed} + interval '20 min' + interval '28 min' * random() END"
        multiply(
            self.order, self.orders, id=key("order"), code="lpad((n % 9999)::text, 4, '0')", placed_at=self.placed,
            customer_id=key("user", f"({DRIVERS} + 1 + n % {CUSTOMERS})"),
            restaurant_id=key("restaurant", f"(1 + n % {RESTAURANTS})"), status=f"CASE WHEN {self.over} THEN 'DELIVERED' ELSE 'READY' END",
            accept_by=f"{self.placed} + interval '5 min'", promised_at=f"{self.placed} + interval '45 min'",
            ready_at=f"{self.placed} + interval '12 min'", food_ready_at=f"{self.placed} + interval '14 min'",
            delivered_at=arrived,
        )  # fmt: skip
        line = OrderLine.objects.create(order=self.order, name="Dish", unit_minor=1000, quantity=1, total_minor=1000)
        multiply(line, self.orders, id=f"{line.pk} + n", order_id=key("order"))

    def deliveries(self) -> None:
        """Make the delivery and the search of each order."""
        order = self.order
        delivery = Delivery.objects.create(
            order=order, restaurant=self.restaurant, zone=self.zone, status=DeliveryStatus.DELIVERED,
            driver=self.driver, session=self.session, pickup_point=CITY, dropoff_point=CITY, ready_at=order.placed_at,
            promised_at=order.promised_at, created_at=order.placed_at,
        )  # fmt: skip
        moment = self.placed.replace("t.placed_at", "t.created_at")
        busy = (
            "(ARRAY['ASSIGNED', 'ARRIVED_AT_PICKUP', 'EN_ROUTE_TO_DROPOFF', 'SEARCHING', 'NO_DRIVER_FOUND'])[1 + n % 5]"
        )
        held = f"({self.over} OR n % 5 < 3)"
        multiply(
            delivery, self.orders, id=key("delivery"), order_id=key("order"), created_at=moment,
            restaurant_id=key("restaurant", f"(1 + n % {RESTAURANTS})"), status=f"CASE WHEN {self.over} THEN 'DELIVERED' ELSE {busy} END",
            driver_id=f"CASE WHEN {held} THEN {key('driver', f'(1 + n % {DRIVERS})')} END",
            session_id=f"CASE WHEN {held} THEN {key('session', f'(1 + n % {DRIVERS})')} END",
            ready_at=f"{moment} + interval '12 min'", promised_at=f"{moment} + interval '45 min'",
            assigned_at=f"CASE WHEN {held} THEN {moment} + interval '90 s' * random() END",
            picked_up_at=f"CASE WHEN {self.over} THEN {moment} + interval '17 min' END",
            arrived_at_dropoff_at=f"CASE WHEN {self.over} THEN {moment} + interval '28 min' END",
            delivered_at=f"CASE WHEN {self.over} THEN {moment} + interval '30 min' END",
        )  # fmt: skip
        job = DispatchJob.objects.create(
            delivery=delivery,
            zone=self.zone,
            searching=False,
            next_attempt_at=order.placed_at,
            first_due_at=order.placed_at,
        )
        moment = self.placed.replace("t.placed_at", "t.first_due_at")
        multiply(job, self.orders, id="gen_random_uuid()", delivery_id=key("delivery"), first_due_at=moment)
        self.delivery = delivery

    def offers(self) -> None:
        """Make the accepted offer of each delivery, a refusal for one in four, and the record of the decision."""
        values: dict[str, Any] = {
            "delivery": self.delivery, "driver": self.driver, "session": self.session, "distance_m": 900,
            "pickup_eta_at": self.now, "dropoff_eta_at": self.now, "offered_at": self.order.placed_at,
            "expires_at": self.order.placed_at, "ack_by": self.now, "pay_minor": 610,
        }  # fmt: skip
        moment = self.placed.replace("t.placed_at", "t.offered_at")
        for status, every in ((OfferStatus.ACCEPTED, 1), (OfferStatus.DECLINED, 4)):
            offer = Offer.objects.create(status=status, **values)
            multiply(
                offer, self.orders // every, id="gen_random_uuid()", batch_id="gen_random_uuid()",
                delivery_id=key("delivery", f"(n * {every})"), driver_id=key("driver", f"(1 + n % {DRIVERS})"),
                session_id=key("session", f"(1 + n % {DRIVERS})"), offered_at=moment,
            )  # fmt: skip
        record = DecisionRecord.objects.create(
            delivery=self.delivery, zone=self.zone, fence=1, at=self.order.placed_at, strategy="plan", solve_ms=12.0,
            driver=self.driver, score={"door": 600}, exclusions=[],
        )  # fmt: skip
        moment = self.placed.replace("t.placed_at", "t.at")
        multiply(record, self.orders, id="gen_random_uuid()", delivery_id=key("delivery"), at=moment)

    def events(self) -> None:
        """Make four events an order with what the relay keeps of them."""
        stream = "'order:' || lpad(to_hex((n - 1) / 4), 26, '0')"
        event = Event.objects.create(
            stream="order:x", seq=1, type="order.placed", payload={}, actor="usr_x", at=self.now
        )
        number = self.orders * 4
        multiply(event, number, id=key("event"), stream=stream, seq="1 + (n - 1) % 4")
        row = Outbox.objects.create(
            event=event, stream="order:x", seq=1, handler="tracking.handlers.x", handled_at=self.now
        )
        multiply(row, number, id=f"{row.pk} + n", event_id=key("event"), stream=stream, seq="1 + (n - 1) % 4")
        head = StreamHead.objects.create(stream="order:x", seq=1)
        multiply(head, self.orders, stream="'order:' || lpad(to_hex(n), 26, '0')")
        FeedHead.objects.create(feed="zone:x", seq=1)
        entry = FeedEntry.objects.create(feed="zone:x", seq=1, event=event)
        multiply(entry, number, id=f"{entry.pk} + n", seq="1 + n", event_id=key("event"))

    def trail(self) -> None:
        """Make a point of a way for each order."""
        point = PositionTrail.objects.create(driver_id=self.driver.pk, point=CITY, at=self.now)
        multiply(point, self.orders, id=f"{point.pk} + n", driver_id=key("driver", f"(1 + n % {DRIVERS})"))

    def analyze(self) -> None:
        """Let PostgreSQL know what is there."""
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


__all__ = ["Filler", "multiply"]
