"""HTTP of quotes and orders."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsCustomer, user_of
from fleetsync.core import clock
from fleetsync.core.api import ApiView, ApiViewSet, StrictSerializer, accepted, actor_of, checked
from orders import links, selectors, services
from orders.models import Order
from orders.permissions import cancels_as, require_kitchen
from orders.serializers import (
    OrderAcceptInput,
    OrderDelayInput,
    OrderInput,
    OrderOutput,
    OrderPlacedOutput,
    OrderQuery,
    OrderReasonInput,
    QuoteInput,
    QuoteOutput,
    RatingInput,
    ReviewOutput,
    TimelineOutput,
    TipInput,
    basket_from,
    minutes_of,
    review_of,
)

ORDER_ID = OpenApiParameter("order_id", str, OpenApiParameter.PATH, description="`ord_…`")
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Your own id of this purchase. The same key and body again is answered with the same order.",
)


class QuoteView(ApiView):
    """Prices and arrival ranges before the purchase."""

    permission_classes = [IsCustomer]

    @extend_schema(
        tags=["orders"], summary="Ask what it costs and when it comes", request=QuoteInput, responses={201: QuoteOutput}
    )
    def post(self, request: Request) -> Response:
        """Promise a price and an arrival range for ten minutes."""
        data = checked(QuoteInput, request.data)
        quote = services.make_quote(
            customer=user_of(request),
            basket=basket_from(data),
            dropoff=data["dropoff"],
            tip_minor=data["tip_minor"],
            now=clock.now(),
        )
        return Response(QuoteOutput(quote).data, status=201)


@extend_schema_view(
    list=extend_schema(
        tags=["orders"],
        summary="List orders",
        description="Customers see their own, staff their restaurants', drivers those they carry, ops all.",
        parameters=[OrderQuery],
        responses=OrderOutput(many=True),
    ),
    retrieve=extend_schema(
        tags=["orders"],
        summary="Read an order",
        description="Sale and kitchen. Poll it after placing, or watch `order:{id}` on the socket.",
        parameters=[ORDER_ID],
        responses={200: OrderOutput},
    ),
)
class OrderViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet):
    """Orders, as far as the caller may see them, and the steps that caller may take."""

    serializer_class = OrderOutput
    lookup_url_kwarg = "order_id"
    lookup_value_converter = "order_id"
    idempotency_required_actions = ("create",)
    queryset = Order.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        """Only customers buy; for the rest, what one sees decides."""
        return [IsCustomer()] if self.action == "create" else [IsAuthenticated()]

    def get_queryset(self) -> QuerySet[Order]:
        """Return what the caller may see; a list is narrowed by its parameters."""
        orders = selectors.orders_for(user_of(self.request))
        if self.action != "list":
            return orders
        wanted = checked(OrderQuery, self.request.query_params.dict())
        return selectors.narrowed(
            orders,
            statuses=wanted.get("status"),
            restaurant_id=wanted.get("restaurant"),
            is_open=wanted.get("open"),
        )

    @extend_schema(
        tags=["orders"],
        summary="Place an order",
        parameters=[KEY],
        request=OrderInput,
        responses={202: OrderPlacedOutput},
    )
    def create(self, request: Request) -> Response:
        """Buy a quote or a basket. The answer comes before the kitchen's; `Location` says where to look."""
        data = checked(OrderInput, request.data)
        common: dict[str, Any] = {
            "customer": user_of(request),
            "door": data["dropoff"],
            "kitchen_note": data["kitchen_note"],
            "now": clock.now(),
        }
        if "quote_id" in data:
            order = services.place_quoted_order(quote_id=data["quote_id"], tip_minor=data.get("tip_minor"), **common)
        else:
            order = services.place_order(basket=basket_from(data), tip_minor=data.get("tip_minor", 0), **common)
        return accepted(OrderPlacedOutput(order).data, location=links.status_url(order.pk))

    @extend_schema(
        tags=["kitchen"],
        summary="Accept an order",
        parameters=[ORDER_ID],
        request=OrderAcceptInput,
        responses={200: OrderOutput},
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, order_id: UUID) -> Response:
        """Take it on and promise when it is ready. Twice is harmless."""
        data = self._kitchen(OrderAcceptInput)
        services.accept_order(
            order_id=order_id,
            ready_at=data.get("ready_at"),
            preparation=minutes_of(data, "preparation_min"),
            now=clock.now(),
            actor=actor_of(request),
        )
        return self._present()

    @extend_schema(
        tags=["kitchen"],
        summary="Reject an order",
        parameters=[ORDER_ID],
        request=OrderReasonInput,
        responses={200: OrderOutput},
    )
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, order_id: UUID) -> Response:
        """Refuse an order that was not accepted yet."""
        data = self._kitchen(OrderReasonInput)
        services.reject_order(order_id=order_id, reason=data["reason"], now=clock.now(), actor=actor_of(request))
        return self._present()

    @extend_schema(
        tags=["kitchen"],
        summary="Say that it is being cooked",
        parameters=[ORDER_ID],
        request=None,
        responses={200: OrderOutput},
    )
    @action(detail=True, methods=["post"])
    def preparing(self, request: Request, order_id: UUID) -> Response:
        """Say that it is on the stove; from now on the customer cannot cancel."""
        self._kitchen()
        services.mark_preparing(order_id=order_id, now=clock.now(), actor=actor_of(request))
        return self._present()

    @extend_schema(
        tags=["kitchen"],
        summary="Move the promised moment",
        parameters=[ORDER_ID],
        request=OrderDelayInput,
        responses={200: OrderOutput},
    )
    @action(detail=True, methods=["post"])
    def delay(self, request: Request, order_id: UUID) -> Response:
        """Promise another moment; the driver's timing follows."""
        data = self._kitchen(OrderDelayInput)
        services.delay_order(
            order_id=order_id,
            ready_at=data.get("ready_at"),
            later=minutes_of(data, "minutes"),
            reason=data["reason"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return self._present()

    @extend_schema(
        tags=["kitchen"],
        summary="Say that it is ready",
        parameters=[ORDER_ID],
        request=None,
        responses={200: OrderOutput},
    )
    @action(detail=True, methods=["post"])
    def ready(self, request: Request, order_id: UUID) -> Response:
        """Say that it waits at the counter; needs no driver."""
        self._kitchen()
        services.mark_ready(order_id=order_id, now=clock.now(), actor=actor_of(request))
        return self._present()

    @extend_schema(
        tags=["orders"],
        summary="Cancel an order",
        parameters=[ORDER_ID],
        request=OrderReasonInput,
        responses={200: OrderOutput},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, order_id: UUID) -> Response:
        """Call it off: customers until it is on the stove, kitchen and ops until it is picked up."""
        self.get_object()
        by = cancels_as(user_of(request))
        data = checked(OrderReasonInput, request.data)
        services.cancel_order(
            order_id=order_id,
            by=by,
            reason=data["reason"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return self._present()

    @extend_schema(
        tags=["orders"],
        summary="Read what happened to an order",
        parameters=[ORDER_ID],
        responses={200: TimelineOutput},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def timeline(self, request: Request, order_id: UUID) -> Response:
        """List what the caller may know of it, oldest first. `seq` has gaps where something is not for him."""
        order = self.get_object()
        entries = selectors.timeline(order_id=order.pk, viewer=user_of(request))
        return Response(TimelineOutput({"results": entries}).data)

    def _kitchen(self, shape: type[StrictSerializer] = StrictSerializer) -> dict[str, Any]:
        """Return the checked body of a kitchen's step: first the order must exist for the caller."""
        self.get_object()
        require_kitchen(user_of(self.request))
        return checked(shape, self.request.data)

    def _present(self) -> Response:
        """Return the order as it is now."""
        return Response(self.get_serializer(self.get_object()).data)


class LinkView(ApiView):
    """What the holder of an order's link may do: no login, the token is signed."""

    permission_classes = [AllowAny]
    authentication_classes = ()


class RatingView(LinkView):
    """How it was."""

    @extend_schema(
        operation_id="tracking_rating_update",
        tags=["tracking"],
        summary="Rate a delivered order by its link",
        description="Within thirty days. Sent again, the last one counts. Kitchen and driver do not see the words.",
        parameters=[OpenApiParameter("token", str, OpenApiParameter.PATH)],
        request=RatingInput,
        responses={200: ReviewOutput},
        auth=[],
    )
    def put(self, request: Request, token: str) -> Response:
        """Keep stars, tags and words."""
        data = checked(RatingInput, request.data)
        row = services.rate_order(order_id=links.order_of_token(token), now=clock.now(), **data)
        return Response(review_of(row.order))


class TipView(LinkView):
    """Something more for the driver."""

    @extend_schema(
        operation_id="tracking_tip_update",
        tags=["tracking"],
        summary="Tip the driver of a delivered order by its link",
        description="Once, within thirty days; the same amount again changes nothing. All of it is the driver's.",
        parameters=[OpenApiParameter("token", str, OpenApiParameter.PATH)],
        request=TipInput,
        responses={200: ReviewOutput},
        auth=[],
    )
    def put(self, request: Request, token: str) -> Response:
        """Add the tip."""
        tip_minor = checked(TipInput, request.data)["tip_minor"]
        row = services.tip_order(order_id=links.order_of_token(token), tip_minor=tip_minor, now=clock.now())
        return Response(review_of(row.order))
