"""Deliveries: what each role sees, the driver's steps, what ops may do."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsDriver, IsOps, driver_of, user_of
from dispatch import selectors, services
from dispatch.models import Delivery
from dispatch.serializers import (
    AssignInput,
    DeliveryOutput,
    DeliveryQuery,
    DropOffInput,
    ExplainQuery,
    ExplanationOutput,
    PriorityInput,
    ReasonInput,
)
from dispatch.states import ACTIVE
from fleetsync.core import clock
from fleetsync.core.api import ApiViewSet, actor_of, checked

DELIVERY_ID = OpenApiParameter("delivery_id", str, OpenApiParameter.PATH, description="`dlv_…`")
DRIVER_STEPS = frozenset({"arrive", "pick_up", "drop_off", "fail", "give_back", "bring_back"})


@extend_schema_view(
    list=extend_schema(
        tags=["deliveries"],
        summary="List deliveries",
        description="Drivers see those they carry, staff their restaurants', customers their own, ops all.",
        parameters=[DeliveryQuery],
        responses=DeliveryOutput(many=True),
    ),
    retrieve=extend_schema(
        tags=["deliveries"], summary="Read a delivery", parameters=[DELIVERY_ID], responses={200: DeliveryOutput}
    ),
)
class DeliveryViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet):
    """Deliveries, as far as the caller may see them, and the steps that caller may take."""

    serializer_class = DeliveryOutput
    lookup_url_kwarg = "delivery_id"
    lookup_value_converter = "delivery_id"
    queryset = Delivery.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        """The driver's steps are the driver's, the rest of the changes are ops'."""
        if self.action in ("list", "retrieve", None):
            return [IsAuthenticated()]
        return [IsDriver()] if self.action in DRIVER_STEPS else [IsOps()]

    def get_queryset(self) -> QuerySet[Delivery]:
        """Return what the caller may see; a list is narrowed by its parameters."""
        deliveries = selectors.deliveries_for(user_of(self.request))
        if self.action == "list":
            wanted = checked(DeliveryQuery, self.request.query_params.dict())
            if "status" in wanted:
                deliveries = deliveries.filter(status=wanted["status"])
            if "active" in wanted:
                held = {"status__in": ACTIVE}
                deliveries = deliveries.filter(**held) if wanted["active"] else deliveries.exclude(**held)
        return deliveries

    def _present(self, delivery_id: UUID) -> Response:
        """Answer with the delivery as it is now, to one who may have just lost sight of it."""
        row = selectors.shown(Delivery.objects.all()).get(pk=delivery_id)
        return Response(DeliveryOutput(row, context=self.get_serializer_context()).data)

    @extend_schema(
        tags=["driver"],
        summary="Say that you are at the next stop",
        description="The counter before the pickup, the door after it.",
        parameters=[DELIVERY_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def arrive(self, request: Request, delivery_id: UUID) -> Response:
        """Arrive. Twice is harmless."""
        services.arrive(
            delivery_id=delivery_id, driver_id=driver_of(request).pk, now=clock.now(), actor=actor_of(request)
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["driver"],
        summary="Say that you have the bag",
        description="Implies that you arrived, and that the kitchen is done.",
        parameters=[DELIVERY_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"], url_path="pick-up")
    def pick_up(self, request: Request, delivery_id: UUID) -> Response:
        """Pick up. Twice is harmless."""
        services.pick_up(
            delivery_id=delivery_id, driver_id=driver_of(request).pk, now=clock.now(), actor=actor_of(request)
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["driver"],
        summary="Say that you handed it over",
        description="With the customer's PIN where the delivery says `pin_required`.",
        parameters=[DELIVERY_ID],
        request=DropOffInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"], url_path="drop-off")
    def drop_off(self, request: Request, delivery_id: UUID) -> Response:
        """Drop off. Twice is harmless."""
        services.drop_off(
            delivery_id=delivery_id,
            driver_id=driver_of(request).pk,
            pin=checked(DropOffInput, request.data).get("pin"),
            now=clock.now(),
            actor=actor_of(request),
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["driver"],
        summary="Say that nobody took it",
        description="You bring it back to the restaurant.",
        parameters=[DELIVERY_ID],
        request=ReasonInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def fail(self, request: Request, delivery_id: UUID) -> Response:
        """Fail the drop-off. Twice is harmless."""
        data = checked(ReasonInput, request.data)
        services.fail_dropoff(
            delivery_id=delivery_id,
            driver_id=driver_of(request).pk,
            reason=data["reason"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["driver"],
        summary="Say that it is back at the restaurant",
        parameters=[DELIVERY_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def bring_back(self, request: Request, delivery_id: UUID) -> Response:
        """Return it. Twice is harmless."""
        services.return_delivery(
            delivery_id=delivery_id, driver_id=driver_of(request).pk, now=clock.now(), actor=actor_of(request)
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["driver"],
        summary="Give a delivery back",
        description="Before its pickup; somebody else is searched for.",
        parameters=[DELIVERY_ID],
        request=ReasonInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"], url_path="give-back")
    def give_back(self, request: Request, delivery_id: UUID) -> Response:
        """Give it back, and say why."""
        data = checked(ReasonInput, request.data)
        services.give_back(
            delivery_id=delivery_id,
            driver_id=driver_of(request).pk,
            reason=data["reason"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Assign a driver by hand",
        description="Without asking him. One who held it before loses it.",
        parameters=[DELIVERY_ID],
        request=AssignInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, delivery_id: UUID) -> Response:
        """Give it to a driver who is online and has room."""
        data = checked(AssignInput, request.data)
        services.assign(delivery_id=delivery_id, driver_id=data["driver_id"], now=clock.now(), actor=actor_of(request))
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Take it from its driver",
        description="Before its pickup; somebody else is searched for.",
        parameters=[DELIVERY_ID],
        request=ReasonInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def unassign(self, request: Request, delivery_id: UUID) -> Response:
        """Take it away, and say why."""
        data = checked(ReasonInput, request.data)
        services.unassign(delivery_id=delivery_id, reason=data["reason"], now=clock.now(), actor=actor_of(request))
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Waive the PIN",
        description="You made sure who stands at the door, by telephone say; the driver hands it over without it.",
        parameters=[DELIVERY_ID],
        request=ReasonInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"], url_path="waive-pin")
    def waive_pin(self, request: Request, delivery_id: UUID) -> Response:
        """Need no PIN any more, and say why. Twice is harmless."""
        data = checked(ReasonInput, request.data)
        services.waive_pin(delivery_id=delivery_id, reason=data["reason"], now=clock.now(), actor=actor_of(request))
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Search again",
        description="After NO_DRIVER_FOUND; who refused before may be asked again.",
        parameters=[DELIVERY_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, delivery_id: UUID) -> Response:
        """Let the search begin anew. Twice is harmless."""
        services.reopen_delivery(delivery_id=delivery_id, now=clock.now(), actor=actor_of(request))
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Hold it back",
        description="It is not offered until it is released.",
        parameters=[DELIVERY_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, delivery_id: UUID) -> Response:
        """Keep it out of the rounds. Twice is harmless."""
        services.hold_delivery(delivery_id=delivery_id, held=True, now=clock.now(), actor=actor_of(request))
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Release it",
        parameters=[DELIVERY_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def release(self, request: Request, delivery_id: UUID) -> Response:
        """Let it into the rounds again. Twice is harmless."""
        services.hold_delivery(delivery_id=delivery_id, held=False, now=clock.now(), actor=actor_of(request))
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="Let it go first, or last",
        parameters=[DELIVERY_ID],
        request=PriorityInput,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def prioritize(self, request: Request, delivery_id: UUID) -> Response:
        """Say how much it counts in the next rounds."""
        data = checked(PriorityInput, request.data)
        services.prioritize_delivery(
            delivery_id=delivery_id, priority=data["priority"], now=clock.now(), actor=actor_of(request)
        )
        return self._present(delivery_id)

    @extend_schema(
        tags=["dispatch"],
        summary="See why this driver",
        description="Why this driver, why not that one (`driver`), or why nobody yet; what the rounds weighed, and the drivers side by side.",
        parameters=[DELIVERY_ID, ExplainQuery],
        responses={200: ExplanationOutput},
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def explain(self, request: Request, delivery_id: UUID) -> Response:
        """Return the answer, and the decisions, newest first."""
        wanted = checked(ExplainQuery, request.query_params.dict())
        found = selectors.explain(delivery=self.get_object(), now=clock.now(), driver_id=wanted.get("driver"))
        return Response(ExplanationOutput(found).data)
