"""Offers: read, acknowledge, accept, decline."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import HasRole, IsDriver, driver_of, user_of
from accounts.states import OPS, Role
from dispatch import selectors, services
from dispatch.models import Offer
from dispatch.serializers import DeliveryOutput, OfferExplanationOutput, OfferOutput, OfferQuery, ReasonInput
from fleetsync.core import clock
from fleetsync.core.api import ApiViewSet, actor_of, checked

OFFER_ID = OpenApiParameter("offer_id", str, OpenApiParameter.PATH, description="`ofr_…`")


class MayReadOffers(HasRole):
    """Drivers their own, ops all."""

    roles = OPS | {Role.DRIVER}


@extend_schema_view(
    list=extend_schema(
        tags=["driver"],
        summary="List offers",
        description="Drivers see their own; reading an open one says that it reached the phone. Ops see all.",
        parameters=[OfferQuery],
        responses=OfferOutput(many=True),
    ),
    retrieve=extend_schema(
        tags=["driver"], summary="Read an offer", parameters=[OFFER_ID], responses={200: OfferOutput}
    ),
)
class OfferViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet):
    """The offers of the driver who is logged in."""

    serializer_class = OfferOutput
    lookup_url_kwarg = "offer_id"
    lookup_value_converter = "offer_id"
    queryset = Offer.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        """Ops may look; only drivers answer."""
        return [MayReadOffers()] if self.action in ("list", "retrieve", "explain") else [IsDriver()]

    def get_queryset(self) -> QuerySet[Offer]:
        """Return what the caller may see; a list is narrowed by its parameters."""
        offers = selectors.offers_for(user_of(self.request))
        if self.action == "list":
            wanted = checked(OfferQuery, self.request.query_params.dict())
            if "status" in wanted:
                offers = offers.filter(status=wanted["status"])
        return offers

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Any:
        """Note that a driver's app has read its open offers."""
        reads = self.action in ("list", "retrieve") and response.status_code == 200
        if reads and user_of(request).role == Role.DRIVER and "OPEN" in str(response.data):
            services.note_seen(driver=driver_of(request), now=clock.now())
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(
        tags=["driver"],
        summary="Acknowledge an offer",
        description="Says that it is on the phone. Without it the offer is UNDELIVERED after five seconds.",
        parameters=[OFFER_ID],
        request=None,
        responses={200: OfferOutput},
    )
    @action(detail=True, methods=["post"])
    def ack(self, request: Request, offer_id: UUID) -> Response:
        """Say that it arrived. Twice is harmless."""
        services.ack_offer(offer_id=offer_id, driver=driver_of(request), now=clock.now())
        return Response(OfferOutput(self.get_object()).data)

    @extend_schema(
        tags=["driver"],
        summary="Accept an offer",
        description="And all offers of its batch. Whoever says yes first gets the delivery.",
        parameters=[OFFER_ID],
        request=None,
        responses={200: DeliveryOutput},
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, offer_id: UUID) -> Response:
        """Accept before it expires. Twice is harmless."""
        delivery = services.accept_offer(
            offer_id=offer_id, driver=driver_of(request), now=clock.now(), actor=actor_of(request)
        )
        row = selectors.deliveries_for(user_of(request)).get(pk=delivery.pk)
        return Response(DeliveryOutput(row, context=self.get_serializer_context()).data)

    @extend_schema(
        tags=["driver"],
        summary="Decline an offer",
        parameters=[OFFER_ID],
        request=ReasonInput,
        responses={200: OfferOutput},
    )
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, offer_id: UUID) -> Response:
        """Say no, and why. Somebody else is asked at once."""
        data = checked(ReasonInput, request.data)
        services.decline_offer(
            offer_id=offer_id,
            driver=driver_of(request),
            reason=data["reason"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return Response(OfferOutput(self.get_object()).data)

    @extend_schema(
        tags=["driver"],
        summary="See why you were asked",
        description="In plain words, with your own minutes; of others only how many were looked at.",
        parameters=[OFFER_ID],
        responses={200: OfferExplanationOutput},
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def explain(self, request: Request, offer_id: UUID) -> Response:
        """Explain the offer to the driver who got it."""
        return Response(OfferExplanationOutput(selectors.explain_offer(offer=self.get_object())).data)
