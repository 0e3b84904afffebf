"""The page that tells why this driver: beside every delivery, in our own look and under our own strict CSP."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.utils.serializer_helpers import ReturnDict
from unfold.decorators import action

from accounts.models import Driver
from dispatch import selectors
from dispatch.models import Delivery
from dispatch.serializers import ExplanationOutput
from fleetsync.core import clock, ids

NAMED = 500  # drivers one can ask about in a list


class WhyPage:
    """Adds the page to the admin of deliveries: `<id>/why/`, with the row's id or the public one."""

    actions_detail = ["why"]

    @action(description="Why this driver", url_path="why", icon="psychology")  # type: ignore[untyped-decorator]
    def why(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show why this driver, why not that one (`?driver=drv_…`), or why nobody yet."""
        if not request.user.has_perm("dispatch.view_delivery"):
            raise PermissionDenied
        delivery = _delivery(object_id)
        found = selectors.explain(delivery=delivery, now=clock.now(), driver_id=_wanted(request))
        data: ReturnDict[str, Any] = ExplanationOutput(found).data
        people = (
            Driver.objects.filter(sessions__zone=delivery.zone_id)
            .distinct()
            .select_related("user")
            .order_by("user__name", "pk")[:NAMED]
        )
        left_out = sum(group.number for group in found.comparison.left_out) if found.comparison else 0
        context = {
            "delivery": delivery,
            "found": found,
            "data": data,
            "people": people,
            "left_out": left_out,
            "days": settings.FLEETSYNC_ROUND_DAYS,
        }
        response = render(request, "admin/dispatch/why.html", context)
        response.strict_csp = True  # type: ignore[attr-defined]
        return response


def _delivery(text: str) -> Delivery:
    rows = Delivery.objects.select_related("order", "restaurant", "zone")
    try:
        key = ids.private("delivery_id", text) if text.startswith("dlv_") else text
        return rows.get(pk=key)
    except (Delivery.DoesNotExist, ValidationError, ids.BadId) as error:  # a malformed UUID is a ValidationError
        raise Http404("There is no such delivery.") from error


def _wanted(request: HttpRequest) -> Any:
    text = request.GET.get("driver", "")
    try:
        return ids.private("driver_id", text) if text else None
    except ids.BadId as error:
        raise Http404("There is no such driver.") from error
