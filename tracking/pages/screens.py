"""The screens people work with. Each starts from a small context; what moves comes over the API and the socket."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.models import User
from accounts.states import Role
from fleetsync.core import ids
from orders.errors import TrackingLinkInvalid
from orders.links import order_of_token
from orders.models import Order
from restaurants.models import Restaurant, Zone
from tracking.pages.entrance import is_demo

Page = Callable[..., HttpResponse]


def for_roles(*roles: Role) -> Callable[[Page], Callable[..., HttpResponseBase]]:
    """Let only these roles in: a stranger signs in first, another role is told where its page is."""

    def wrap(page: Page) -> Callable[..., HttpResponseBase]:
        @wraps(page)
        @ensure_csrf_cookie
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User):
                return redirect(f"/login?{urlencode({'next': request.path})}")
            if user.role not in roles:
                return render(request, "pages/not_yours.html", {"roles": roles}, status=403)
            return page(request, *args, **kwargs)

        return guarded

    return wrap


@for_roles(Role.DISPATCHER, Role.ADMIN)
def ops(request: HttpRequest) -> HttpResponse:
    """Show the live map of a zone: `?zone=zon_…`, else the first."""
    zones = list(Zone.objects.filter(active=True).order_by("name", "id"))
    wanted = request.GET.get("zone", "")
    zone = next((each for each in zones if ids.encode("zon", each.pk) == wanted), zones[0] if zones else None)
    return render(request, "pages/ops.html", {"zones": zones, "zone": zone})


@for_roles(Role.DRIVER)
def driver(request: HttpRequest) -> HttpResponse:
    """Show the driver's own page."""
    zone = Zone.objects.filter(active=True).order_by("id").first()
    return render(request, "pages/driver.html", {"zone": zone, "demo": is_demo()})


@for_roles(Role.RESTAURANT, Role.DISPATCHER, Role.ADMIN)
def restaurant(request: HttpRequest) -> HttpResponse:
    """Show the tickets of a kitchen: `?restaurant=rst_…`, else the first one's own."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 (the guard let nobody else in)
    mine = list(Restaurant.objects.managed_by(user).order_by("name", "id")[:200])
    wanted = request.GET.get("restaurant", "")
    chosen = next((each for each in mine if ids.encode("rst", each.pk) == wanted), mine[0] if mine else None)
    return render(request, "pages/restaurant.html", {"restaurants": mine, "restaurant": chosen})


@ensure_csrf_cookie
def track(request: HttpRequest, token: str) -> HttpResponse:
    """Show one order to whoever holds its signed link."""
    try:
        order = Order.objects.select_related("restaurant").get(pk=order_of_token(token))
    except (TrackingLinkInvalid, Order.DoesNotExist):
        return render(request, "pages/track_gone.html", status=404)
    response = render(request, "pages/track.html", {"order": order, "token": token, "zone_id": order.zone_id})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
