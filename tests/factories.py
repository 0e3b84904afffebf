"""The plainest valid rows; a test states only what it is about. Each app's classes stand together."""

from datetime import timedelta

import factory
from django.contrib.gis.geos import Point, Polygon
from factory.django import DjangoModelFactory

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.models import (
    Delivery,
    DispatchJob,
    DispatchPolicy,
    DriverMessage,
    DriverPosition,
    DriverSession,
    Offer,
    Shift,
)
from dispatch.states import DeliveryStatus
from fleetsync.core import clock
from orders.models import Order, OrderLine
from orders.states import OrderStatus
from restaurants.models import (
    Closure,
    MenuCategory,
    MenuItem,
    OpeningHours,
    Option,
    OptionGroup,
    Restaurant,
    RestaurantStaff,
    Zone,
)

PASSWORD = "correct horse 1"

# --- accounts ----------------------------------------------------------------


class UserFactory(DjangoModelFactory[User]):
    """A customer who logs in with PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@fleetsync.example")
    name = "Ada Example"
    role = Role.CUSTOMER
    password = factory.django.Password(PASSWORD)


class StaffUserFactory(UserFactory):
    """A user of a restaurant; `RestaurantStaffFactory` says of which."""

    role = Role.RESTAURANT


class DispatcherFactory(UserFactory):
    """Dispatch staff."""

    role = Role.DISPATCHER


class AdminFactory(UserFactory):
    """An admin."""

    role = Role.ADMIN
    is_staff = True
    is_superuser = True


class DriverFactory(DjangoModelFactory[Driver]):
    """An approved driver on a scooter."""

    class Meta:
        model = Driver

    user = factory.SubFactory(UserFactory, role=Role.DRIVER, name="Dan Driver")
    capacity = 2
    approved_at = factory.LazyFunction(clock.now)


# --- restaurants -------------------------------------------------------------

CITY = Point(-76.61, 39.29, srid=4326)


class ZoneFactory(DjangoModelFactory[Zone]):
    """A square of some 20 km around CITY."""

    class Meta:
        model = Zone
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Zone {n}")
    polygon = factory.LazyFunction(lambda: Polygon.from_bbox((-76.73, 39.20, -76.49, 39.38)))
    time_zone = "America/New_York"

    @classmethod
    def _adjust_kwargs(cls, **kwargs):
        kwargs["polygon"].srid = 4326
        return kwargs

    @factory.post_generation
    def policy(self, create, parameters, **_):
        """Let the zone decide by these parameters of the engine."""
        if create and parameters is not None:
            DispatchPolicyFactory(zone=self, parameters=parameters, status="ACTIVE")


class DispatchPolicyFactory(DjangoModelFactory[DispatchPolicy]):
    """A draft with the engine's defaults; one that is or was active says since when."""

    class Meta:
        model = DispatchPolicy

    zone = factory.SubFactory(ZoneFactory)
    version = factory.LazyAttribute(lambda row: DispatchPolicy.objects.filter(zone=row.zone).count() + 1)
    created_at = factory.LazyFunction(clock.now)
    created_by = "usr_test"
    activated_at = factory.LazyAttribute(lambda row: row.created_at if row.status in ("ACTIVE", "RETIRED") else None)
    status = "DRAFT"


class RestaurantFactory(DjangoModelFactory[Restaurant]):
    """Always open, in the middle of CITY."""

    class Meta:
        model = Restaurant

    name = factory.Sequence(lambda n: f"Kitchen {n}")
    zone = factory.SubFactory(ZoneFactory)
    point = CITY
    address = "1 Pratt Street"
    time_zone = "America/New_York"
    always_open = True


class RestaurantStaffFactory(DjangoModelFactory[RestaurantStaff]):
    """A user who works for a restaurant."""

    class Meta:
        model = RestaurantStaff

    restaurant = factory.SubFactory(RestaurantFactory)
    user = factory.SubFactory(StaffUserFactory)


class OpeningHoursFactory(DjangoModelFactory[OpeningHours]):
    """One opening of a weekday."""

    class Meta:
        model = OpeningHours

    restaurant = factory.SubFactory(RestaurantFactory, always_open=False)


class ClosureFactory(DjangoModelFactory[Closure]):
    """Closed for the next hour."""

    class Meta:
        model = Closure

    restaurant = factory.SubFactory(RestaurantFactory)
    starts_at = factory.LazyFunction(clock.now)
    ends_at = factory.LazyAttribute(lambda closure: closure.starts_at + timedelta(hours=1))


class MenuCategoryFactory(DjangoModelFactory[MenuCategory]):
    """A section of the menu."""

    class Meta:
        model = MenuCategory

    restaurant = factory.SubFactory(RestaurantFactory)
    name = "Mains"


class MenuItemFactory(DjangoModelFactory[MenuItem]):
    """Something for 10.00; `category` decides the restaurant."""

    class Meta:
        model = MenuItem

    category = factory.SubFactory(MenuCategoryFactory)
    restaurant = factory.SelfAttribute("category.restaurant")
    name = factory.Sequence(lambda n: f"Dish {n}")
    price_minor = 1000


class OptionGroupFactory(DjangoModelFactory[OptionGroup]):
    """At most one of its options."""

    class Meta:
        model = OptionGroup

    item = factory.SubFactory(MenuItemFactory)
    name = "Extra"


class OptionFactory(DjangoModelFactory[Option]):
    """An option for 1.00."""

    class Meta:
        model = Option

    group = factory.SubFactory(OptionGroupFactory)
    name = factory.Sequence(lambda n: f"Extra {n}")
    price_minor = 100


# --- orders ------------------------------------------------------------------


class OrderFactory(DjangoModelFactory[Order]):
    """Just placed, 10.00 and no fees, one kilometre north of the restaurant; no lines, no events."""

    class Meta:
        model = Order

    customer = factory.SubFactory(UserFactory)
    restaurant = factory.SubFactory(RestaurantFactory)
    zone = factory.SelfAttribute("restaurant.zone")
    code = "B4TX"
    dropoff_point = Point(-76.61, 39.299, srid=4326)
    dropoff_address = "9 Charles Street"
    currency = "USD"
    subtotal_minor = 1000
    total_minor = factory.LazyAttribute(
        lambda order: order.subtotal_minor + order.fees_minor + order.tip_minor - order.discount_minor
    )
    fees_minor = 0
    tip_minor = 0
    discount_minor = 0
    placed_at = factory.LazyFunction(clock.now)
    accept_by = factory.LazyAttribute(lambda order: order.placed_at + timedelta(minutes=5))
    promised_at = factory.LazyAttribute(lambda order: order.placed_at + timedelta(minutes=45))

    class Params:
        taken = factory.Trait(
            status=OrderStatus.ACCEPTED,
            accepted_at=factory.SelfAttribute("placed_at"),
            ready_at=factory.LazyAttribute(lambda order: order.placed_at + timedelta(minutes=15)),
        )


class OrderLineFactory(DjangoModelFactory[OrderLine]):
    """One dish for 10.00."""

    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    name = "Dish"
    unit_minor = 1000
    quantity = 1
    total_minor = factory.LazyAttribute(lambda line: line.unit_minor * line.quantity)


# --- dispatch ----------------------------------------------------------------


class DriverSessionFactory(DjangoModelFactory[DriverSession]):
    """Online for a minute, free."""

    class Meta:
        model = DriverSession

    driver = factory.SubFactory(DriverFactory)
    zone = factory.SubFactory(ZoneFactory)
    capacity = factory.SelfAttribute("driver.capacity")
    started_at = factory.LazyFunction(clock.now)
    idle_since = factory.SelfAttribute("started_at")
    lease_until = factory.LazyAttribute(lambda session: session.started_at + timedelta(seconds=60))


class ShiftFactory(DjangoModelFactory[Shift]):
    """The next eight hours."""

    class Meta:
        model = Shift

    driver = factory.SubFactory(DriverFactory)
    starts_at = factory.LazyFunction(clock.now)
    ends_at = factory.LazyAttribute(lambda shift: shift.starts_at + timedelta(hours=8))


class DriverMessageFactory(DjangoModelFactory[DriverMessage]):
    """Sent now, unread."""

    class Meta:
        model = DriverMessage

    driver = factory.SubFactory(DriverFactory)
    text = "Please call us."
    sent_at = factory.LazyFunction(clock.now)


class DriverPositionFactory(DjangoModelFactory[DriverPosition]):
    """At CITY, seen now, available."""

    class Meta:
        model = DriverPosition

    driver = factory.SubFactory(DriverFactory)
    point = CITY
    cell = factory.SelfAttribute("point")
    available = True
    received_at = factory.LazyFunction(clock.now)
    recorded_at = factory.SelfAttribute("received_at")


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """Searching for a driver, the food ready in a quarter of an hour."""

    class Meta:
        model = Delivery

    order = factory.SubFactory(OrderFactory, taken=True)
    restaurant = factory.SelfAttribute("order.restaurant")
    zone = factory.SelfAttribute("restaurant.zone")
    status = DeliveryStatus.SEARCHING
    pickup_point = factory.SelfAttribute("restaurant.point")
    dropoff_point = factory.SelfAttribute("order.dropoff_point")
    ready_at = factory.SelfAttribute("order.ready_at")
    promised_at = factory.SelfAttribute("order.promised_at")
    created_at = factory.LazyFunction(clock.now)


class DispatchJobFactory(DjangoModelFactory[DispatchJob]):
    """The search of a delivery, to be looked at now."""

    class Meta:
        model = DispatchJob

    delivery = factory.SubFactory(DeliveryFactory)
    zone = factory.SelfAttribute("delivery.zone")
    next_attempt_at = factory.SelfAttribute("delivery.created_at")


class OfferFactory(DjangoModelFactory[Offer]):
    """Open for half a minute, on a phone."""

    class Meta:
        model = Offer

    delivery = factory.SubFactory(DeliveryFactory)
    session = factory.SubFactory(DriverSessionFactory, zone=factory.SelfAttribute("..delivery.zone"))
    driver = factory.SelfAttribute("session.driver")
    distance_m = 500
    offered_at = factory.LazyFunction(clock.now)
    pickup_eta_at = factory.LazyAttribute(lambda offer: offer.offered_at + timedelta(minutes=5))
    dropoff_eta_at = factory.LazyAttribute(lambda offer: offer.offered_at + timedelta(minutes=15))
    expires_at = factory.LazyAttribute(lambda offer: offer.offered_at + timedelta(seconds=30))
    ack_by = factory.LazyAttribute(lambda offer: clock.real_now() + timedelta(seconds=5))
    acked_at = factory.SelfAttribute("offered_at")
