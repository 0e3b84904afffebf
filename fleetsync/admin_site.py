"""The back office's side bar, with the ops queues and how much waits in them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def parked(request: HttpRequest) -> int | None:
    """Return how many outbox rows were given up, or nothing where none were."""
    from fleetsync.core.models import Outbox

    return Outbox.objects.filter(parked_at__isnull=False, handled_at=None).count() or None


def without_driver(request: HttpRequest) -> int | None:
    """Return how many deliveries found no driver, or nothing where all did."""
    from dispatch.models import Delivery
    from dispatch.states import DeliveryStatus

    return Delivery.objects.filter(status=DeliveryStatus.NO_DRIVER_FOUND).count() or None


def is_ops(request: HttpRequest) -> bool:
    """Say whether this is dispatch staff, for whom the live map is."""
    return bool(getattr(request.user, "is_ops", False))


def sees_deliveries(request: HttpRequest) -> bool:
    """Say whether the user looks after deliveries."""
    return request.user.has_perm("dispatch.view_delivery")


def _link(title: str, icon: str, model: str, query: str = "", **more: Any) -> dict[str, Any]:
    app, name = model.split(".")

    def may_see(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}")

    address = reverse_lazy(f"admin:{app}_{name}_changelist")

    def link(request: HttpRequest) -> str:
        return f"{address}{query}"

    return {"title": title, "icon": icon, "link": link, "permission": may_see, **more}


#: Chrome is ink on paper: the tokens' petrol greys, light to dark; a hue is left to states.
COLORS: dict[str, dict[str, str]] = {
    "base": {
        "50": "#f5f8f8",
        "100": "#edf1f2",
        "200": "#d6dfe2",
        "300": "#b9c6cb",
        "400": "#8b9fa8",
        "500": "#586a72",
        "600": "#3e5058",
        "700": "#2b3e47",
        "800": "#22323a",
        "900": "#101a1f",
        "950": "#0a1216",
    },
    "primary": {
        "50": "#f5f8f8",
        "100": "#e3e9eb",
        "200": "#d6dfe2",
        "300": "#b9c6cb",
        "400": "#b3c3ca",
        "500": "#8fa3ac",
        "600": "#25383f",
        "700": "#0d1c22",
        "800": "#0d1c22",
        "900": "#0d1c22",
        "950": "#0a1216",
    },
}
NAVIGATION: list[dict[str, Any]] = [
    {
        "title": "",
        "items": [
            {"title": "Dashboard", "icon": "monitoring", "link": reverse_lazy("admin:index")},
            {"title": "Live map", "icon": "map", "link": "/ops", "permission": is_ops},
        ],
    },
    {
        "title": "Needs a person",
        "items": [
            {
                "title": "Stuck orders",
                "icon": "warning",
                "link": reverse_lazy("office-stuck"),
                "permission": sees_deliveries,
                "badge": "tracking.admin.dashboard.stuck_number",
            },
            _link(
                "No driver found",
                "person_search",
                "dispatch.delivery",
                "?status__exact=NO_DRIVER_FOUND",
                badge="fleetsync.admin_site.without_driver",
            ),
            _link("Given-up events", "report", "core.outbox", "?state=parked", badge="fleetsync.admin_site.parked"),
        ],
    },
    {
        "title": "Today",
        "items": [
            _link("Orders", "receipt_long", "orders.order"),
            _link("Deliveries", "local_shipping", "dispatch.delivery"),
            _link("Offers", "campaign", "dispatch.offer"),
            _link("Why this driver", "psychology", "dispatch.decisionrecord"),
            _link("Drivers online", "sports_motorsports", "dispatch.driversession"),
            _link("Positions", "my_location", "dispatch.driverposition"),
        ],
    },
    {
        "title": "Kitchens",
        "items": [
            _link("Restaurants", "storefront", "restaurants.restaurant"),
            _link("Menu items", "restaurant_menu", "restaurants.menuitem"),
            _link("Categories", "category", "restaurants.menucategory"),
            _link("Zones", "pentagon", "restaurants.zone"),
        ],
    },
    {
        "title": "People",
        "items": [
            _link("Users", "group", "accounts.user"),
            _link("Drivers", "two_wheeler", "accounts.driver"),
            _link("Documents", "badge", "accounts.driverdocument", badge="tracking.admin.dashboard.expiring"),
            _link("Shifts", "calendar_month", "dispatch.shift"),
            _link("Invitations", "mail", "accounts.invitation"),
        ],
    },
    {
        "title": "Platform",
        "separator": True,
        "items": [
            _link("Changes by hand", "edit_note", "admin.logentry"),
            _link("Groups", "shield_person", "auth.group"),
            _link("Events", "history", "core.event"),
            _link("Policies", "tune", "dispatch.dispatchpolicy"),
            _link("Rounds", "autorenew", "dispatch.round"),
            _link("Recorded rounds", "history_toggle_off", "dispatch.roundrecord"),
            _link("Processes", "monitor_heart", "core.heartbeat"),
            _link("Clock", "schedule", "core.clocksetting"),
        ],
    },
]
