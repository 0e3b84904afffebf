"""Orders that need a person, and what a dispatcher does about them: one click, a service, a way back.

Every act is a service's, so it is an event with its actor; it also stands in the object's history.
What can be taken back is kept in the session until the next act.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Driver
from dispatch import services as dispatch
from dispatch.models import Delivery, DriverSession
from dispatch.states import SessionStatus
from fleetsync.admin_base import actor_of, told_as_message, write_history
from fleetsync.core import clock, ids
from fleetsync.core.geo import distance_m, lng_lat
from orders import services as orders
from orders.models import Order
from orders.states import CancelledBy, Reason
from restaurants.models import Zone
from tracking.selectors.stuck import stuck_orders

UNDO: Final = "office_undo"
MAY: Final = "dispatch.operate_delivery"
MOST_DRIVERS: Final = 40
REASONS: Final = [
    (Reason.NO_DRIVER, "No driver"),
    (Reason.TAKES_TOO_LONG, "Takes too long"),
    (Reason.SOLD_OUT, "Sold out"),
    (Reason.CLOSING, "Kitchen is closing"),
    (Reason.CHANGED_MIND, "Customer changed their mind"),
    (Reason.WRONG_ADDRESS, "Wrong address"),
    (Reason.FRAUD, "Fraud"),
    (Reason.OTHER, "Something else"),
]


class CancelForm(forms.Form):
    """Why an order is called off."""

    reason = forms.ChoiceField(choices=REASONS, label="Reason", help_text="Customer, kitchen and driver are told.")


class AssignForm(forms.Form):
    """Who shall carry it."""

    def __init__(self, *args: Any, drivers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["driver"] = forms.ChoiceField(
            choices=drivers, label="Driver", help_text="Online in this zone with room, the nearest first."
        )


def page(request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
    """Return what the frame of the back office needs."""
    request.current_app = admin.site.name
    return {**admin.site.each_context(request), "title": title, **more}


@require_safe
@permission_required("dispatch.view_delivery", raise_exception=True)
def stuck_list(request: HttpRequest) -> HttpResponse:
    """Show every order that needs a person, worst first."""
    now = clock.now()
    zones = {ids.public("zone_id", each.pk): each for each in Zone.objects.order_by("name", "pk").only("name")}
    chosen = request.GET.get("zone", "")
    zone = zones.get(chosen)
    context = page(
        request,
        "Stuck orders",
        now=now,
        stuck=stuck_orders(now=now, zone_id=zone.pk if zone else None),
        zones=[{"id": key, "name": each.name} for key, each in zones.items()],
        zone_id=chosen if zone else "",
        undo=request.session.get(UNDO),
    )
    return render(request, "office/stuck.html", context)


@require_POST
@permission_required(MAY, raise_exception=True)
def act(request: HttpRequest, verb: str, order_id: UUID) -> HttpResponse:
    """Do at once what needs no question, and offer the way back."""
    order = _order(order_id)
    if verb not in AT_ONCE:
        raise Http404
    request.session.pop(UNDO, None)
    with told_as_message(request, prefix=f"#{order.code}: "), transaction.atomic():
        AT_ONCE[verb](request, order)
    return redirect("office-stuck")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(MAY, raise_exception=True)
def ask(request: HttpRequest, verb: str, order_id: UUID) -> HttpResponse:
    """Ask who shall carry it, or why it is called off; then do it."""
    if verb not in ASKED:
        raise Http404
    order = _order(order_id)
    drivers = drivers_for(order) if verb == "assign" else []
    data = request.POST if request.method == "POST" else None
    form: forms.Form = AssignForm(data, drivers=drivers) if verb == "assign" else CancelForm(data)
    if form.is_valid():
        request.session.pop(UNDO, None)
        with told_as_message(request, prefix=f"#{order.code}: "), transaction.atomic():
            ASKED[verb](request, order, form.cleaned_data)
        return redirect("office-stuck")
    for field in form.fields.values():
        field.widget.attrs["class"] = "input"
    titles = {"assign": f"Assign #{order.code}", "cancel": f"Cancel #{order.code}"}
    abouts = {
        "assign": f"{order.restaurant.name} to {order.dropoff_address}. The driver gets it without being asked.",
        "cancel": f"{order.restaurant.name} to {order.dropoff_address}. This cannot be taken back.",
    }
    context = page(
        request,
        titles[verb],
        form=form,
        about=abouts[verb],
        button="Assign" if verb == "assign" else "Cancel the order",
        nobody=verb == "assign" and not drivers,
    )
    return render(request, "office/ask.html", context)


@require_POST
@permission_required(MAY, raise_exception=True)
def undo(request: HttpRequest) -> HttpResponse:
    """Take the last act back, by the service that does the opposite."""
    kept: Mapping[str, str] | None = request.session.pop(UNDO, None)
    if kept is None:
        messages.info(request, "There is nothing to undo.")
        return redirect("office-stuck")
    order = _order(UUID(kept["order"]))
    with told_as_message(request, prefix=f"#{order.code}: "), transaction.atomic():
        BACK[kept["verb"]](request, order, kept)
    return redirect("office-stuck")


def drivers_for(order: Order) -> list[tuple[str, str]]:
    """Return who is online in the order's zone with room, the nearest first: id, and name with distance and load."""
    delivery = _delivery(order)
    sessions = (
        DriverSession.objects.filter(ended_at=None, zone=delivery.zone_id)
        .exclude(status=SessionStatus.PAUSED)
        .exclude(driver=delivery.driver_id)
        .select_related("driver__user", "driver__position")
    )
    kitchen, found = lng_lat(delivery.pickup_point), []
    for session in sessions:
        position = getattr(session.driver, "position", None)
        if session.load < session.capacity and position is not None:
            away_m = distance_m(lng_lat(position.point), kitchen)
            words = f"{session.driver}, {away_m / 1000:.1f} km, carries {session.load} of {session.capacity}"
            found.append((away_m, str(session.driver_id), words))
    return [(pk, words) for _, pk, words in sorted(found)[:MOST_DRIVERS]]


# --- what is done ------------------------------------------------------------


def _order(order_id: UUID) -> Order:
    order = Order.objects.select_related("restaurant").filter(pk=order_id).first()
    if order is None:
        raise Http404
    return order


def _delivery(order: Order) -> Delivery:
    delivery = Delivery.objects.filter(order=order).first()
    if delivery is None:
        raise Http404
    return delivery


def _done(request: HttpRequest, order: Order, said: str, back: str = "", **kept: str) -> None:
    """Write the object's history, say what was done, and keep the way back."""
    write_history(request, order, said)
    if back:
        request.session[UNDO] = {"verb": back, "order": str(order.pk), "said": f"{said}.", **kept}
    else:
        messages.success(request, f"{said}.")


def _hold(request: HttpRequest, order: Order, *, held: bool) -> None:
    dispatch.hold_delivery(delivery_id=_delivery(order).pk, held=held, now=clock.now(), actor=actor_of(request))
    said = f"#{order.code} is held back" if held else f"#{order.code} is back in the rounds"
    _done(request, order, said, "release" if held else "hold")


def _reopen(request: HttpRequest, order: Order) -> None:
    dispatch.reopen_delivery(delivery_id=_delivery(order).pk, now=clock.now(), actor=actor_of(request))
    _done(request, order, f"The search for #{order.code} began again")


def _redispatch(request: HttpRequest, order: Order) -> None:
    delivery = _delivery(order)
    driver = str(delivery.driver_id or "")
    dispatch.unassign(delivery_id=delivery.pk, reason="re-dispatched", now=clock.now(), actor=actor_of(request))
    _done(request, order, f"#{order.code} looks for another driver", "assign", driver=driver)


def _accept(request: HttpRequest, order: Order) -> None:
    orders.accept_order(order_id=order.pk, now=clock.now(), actor=actor_of(request))
    _done(request, order, f"#{order.code} is accepted for the kitchen")


def _assign(request: HttpRequest, order: Order, answer: Mapping[str, Any]) -> None:
    delivery = _delivery(order)
    before, driver_id = delivery.driver_id, UUID(answer["driver"])
    dispatch.assign(delivery_id=delivery.pk, driver_id=driver_id, now=clock.now(), actor=actor_of(request))
    name = Driver.objects.select_related("user").get(pk=driver_id)
    said = f"{name} has #{order.code} now"
    _done(request, order, said, "assign" if before else "unassign", driver=str(before or ""))


def _cancel(request: HttpRequest, order: Order, answer: Mapping[str, Any]) -> None:
    orders.cancel_order(
        order_id=order.pk, by=CancelledBy.OPS, reason=answer["reason"], now=clock.now(), actor=actor_of(request)
    )
    _done(request, order, f"#{order.code} is cancelled: {Reason(answer['reason']).value}")


def _back_assign(request: HttpRequest, order: Order, kept: Mapping[str, str]) -> None:
    driver_id = UUID(kept["driver"])
    dispatch.assign(delivery_id=_delivery(order).pk, driver_id=driver_id, now=clock.now(), actor=actor_of(request))
    name = Driver.objects.select_related("user").get(pk=driver_id)
    _done(request, order, f"#{order.code} is back with {name}")


def _back_unassign(request: HttpRequest, order: Order, kept: Mapping[str, str]) -> None:
    dispatch.unassign(delivery_id=_delivery(order).pk, reason="undone", now=clock.now(), actor=actor_of(request))
    _done(request, order, f"#{order.code} looks for a driver again")


AT_ONCE: Final[Mapping[str, Callable[[HttpRequest, Order], None]]] = {
    "accept": _accept,
    "hold": lambda request, order: _hold(request, order, held=True),
    "redispatch": _redispatch,
    "release": lambda request, order: _hold(request, order, held=False),
    "reopen": _reopen,
}
ASKED: Final[Mapping[str, Callable[[HttpRequest, Order, Mapping[str, Any]], None]]] = {
    "assign": _assign,
    "cancel": _cancel,
}
BACK: Final[Mapping[str, Callable[[HttpRequest, Order, Mapping[str, str]], None]]] = {
    "assign": _back_assign,
    "hold": lambda request, order, _kept: _hold(request, order, held=True),
    "release": lambda request, order, _kept: _hold(request, order, held=False),
    "unassign": _back_unassign,
}
