"""Zones, restaurants, opening hours and menus."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.contrib.gis.db.models import PointField, PolygonField
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from accounts.models import User
from accounts.states import Role, Vehicle
from fleetsync.core.geo import ValidPoint
from fleetsync.core.models import PublicModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def validate_time_zone(name: str) -> None:
    """Refuse what is not an IANA time zone; the database has a CHECK of its own."""
    if name not in _time_zones():
        raise ValidationError("Not an IANA time zone.", code="time-zone")


class Zone(PublicModel):
    """A dispatch area: one time zone, one round at a time."""

    name = models.CharField(max_length=80, unique=True)
    polygon = PolygonField(srid=4326)
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="IANA name, e.g. America/New_York.", validators=[validate_time_zone]
    )
    currency = models.CharField(max_length=3, default="USD")
    active = models.BooleanField(default=True)
    dispatch = models.JSONField(
        default=dict, blank=True, help_text="Dispatch settings that differ from the defaults of dispatch/conf.py."
    )
    present_delay_s = models.FloatField(default=0.0, help_text="How late the last round ran; quotes add it.")
    history = HistoricalRecords(excluded_fields=["present_delay_s"])

    def __str__(self) -> str:
        return self.name


class RestaurantQuerySet(models.QuerySet["Restaurant"]):
    """Verbs on sets of restaurants."""

    def visible_to(self, user: User | AnonymousUser) -> RestaurantQuerySet:
        """Return what this user may see: published ones, one's own, all for ops."""
        if user.is_authenticated and user.is_ops:
            return self
        published = Q(published=True)
        if user.is_authenticated and user.role == Role.RESTAURANT:
            own = RestaurantStaff.objects.filter(user=user).values("restaurant")
            return self.filter(published | Q(pk__in=own))
        return self.filter(published)

    def managed_by(self, user: User) -> RestaurantQuerySet:
        """Return what this user may edit: one's own restaurants, all for ops."""
        if user.is_ops:
            return self
        if user.role != Role.RESTAURANT:
            return self.none()
        return self.filter(staff__user=user)


class Restaurant(PublicModel):
    """A kitchen that sells."""

    name = models.CharField(max_length=120)
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="restaurants")
    point = PointField(srid=4326, spatial_index=False)
    place = PointField(geography=True, help_text="The same point for metres and nearest-first.", editable=False)
    address = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    cuisine = models.CharField(max_length=60, blank=True)
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="IANA name, e.g. America/New_York.", validators=[validate_time_zone]
    )
    currency = models.CharField(max_length=3, default="USD")
    preparation_min = models.PositiveSmallIntegerField(default=15, help_text="Usual minutes from accepted to ready.")
    auto_accept = models.BooleanField(default=False)
    accept_within_s = models.PositiveIntegerField(default=300, help_text="Silence longer than this rejects the order.")
    max_open_orders = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="So many orders in the kitchen at once; more are refused. Empty: no limit."
    )
    minimum_minor = models.PositiveIntegerField(default=0, help_text="Least subtotal of an order, minor units.")
    delivery_radius_m = models.PositiveIntegerField(default=12_000)
    vehicles = ArrayField(
        models.CharField(max_length=16, choices=Vehicle.choices),
        default=list,
        blank=True,
        help_text="What may carry its orders: cakes want a car. None chosen: anything.",
    )
    published = models.BooleanField(default=True)
    always_open = models.BooleanField(default=False)
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Business time; no orders before it.")
    pause_reason = models.CharField(max_length=120, blank=True)
    osm_ref = models.CharField(
        max_length=24,
        blank=True,
        default="",
        editable=False,
        help_text="OpenStreetMap element it was imported from, e.g. node/123; © OpenStreetMap contributors, ODbL.",
    )
    menu_version = models.PositiveBigIntegerField(default=1, help_text="Counts every edit; the menu's ETag.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = RestaurantQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["menu_version", "place"])

    class Meta:
        constraints = [
            ValidPoint(field="point", name="restaurant_point"),
            models.CheckConstraint(condition=Q(preparation_min__lte=240), name="restaurant_preparation"),
            models.CheckConstraint(condition=Q(max_open_orders__gte=1), name="restaurant_open_orders"),
            models.UniqueConstraint(fields=["osm_ref"], condition=~Q(osm_ref=""), name="restaurant_once_of_map"),
        ]
        permissions = [("operate_restaurant", "Can pause and resume restaurants")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep `place` the same point as `point`."""
        self.place = self.point
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Preparation(models.Model):
    """How much later than stated the kitchen is ready, learned from what left its counter."""

    restaurant = models.OneToOneField(Restaurant, models.CASCADE, primary_key=True, related_name="preparation")
    cells = models.JSONField(default=list, help_text="Per hour and basket: seconds late, spread, orders.")
    orders = models.PositiveIntegerField(default=0, help_text="Orders it was learned from.")
    learned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.orders} orders of {self.restaurant_id}"


class RestaurantStaff(models.Model):
    """A user who works for a restaurant."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="staff")
    user = models.ForeignKey(User, models.CASCADE, related_name="restaurants")

    class Meta:
        verbose_name_plural = "restaurant staff"
        constraints = [models.UniqueConstraint(fields=["restaurant", "user"], name="staff_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.restaurant}"


class OpeningHours(models.Model):
    """One opening of a weekday in local time; `closes` at or before `opens` means the next day."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(
        choices=list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
    )
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        ordering = ["weekday", "opens", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.UniqueConstraint(fields=["restaurant", "weekday", "opens"], name="hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class Closure(PublicModel):
    """A time when the restaurant is closed whatever its hours say."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="closures")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="closure_forward")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}"


class MenuCategory(PublicModel):
    """A section of the menu."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="categories")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "menu categories"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class MenuItem(PublicModel):
    """Something to buy."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="items")
    category = models.ForeignKey(MenuCategory, models.CASCADE, related_name="items")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    price_minor = models.PositiveIntegerField("price", help_text="In minor units of the restaurant's currency.")
    available = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class OptionGroup(PublicModel):
    """A choice that goes with an item: how many of its options must and may be taken."""

    item = models.ForeignKey(MenuItem, models.CASCADE, related_name="option_groups")
    name = models.CharField(max_length=80)
    least = models.PositiveSmallIntegerField(default=0)
    most = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.CheckConstraint(condition=Q(most__gte=F("least")) & Q(most__gte=1), name="group_bounds")]

    def __str__(self) -> str:
        return self.name


class Option(PublicModel):
    """One option of a group and what it adds to the price."""

    group = models.ForeignKey(OptionGroup, models.CASCADE, related_name="options")
    name = models.CharField(max_length=80)
    price_minor = models.PositiveIntegerField("price", default=0)
    available = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name
