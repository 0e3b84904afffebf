"""Refusals of the orders app. `code` is public API."""

from fleetsync.core.errors import DomainError, Kind


class RestaurantClosed(DomainError):
    """Outside the opening hours, or in a closure; `opens_at` is the next opening, null when none is in sight."""

    code = "restaurant-closed"
    title = "The restaurant is closed now."


class RestaurantPaused(DomainError):
    """The kitchen takes no orders before `paused_until`."""

    code = "restaurant-paused"
    title = "The restaurant takes no orders at the moment."


class RestaurantBusy(DomainError):
    """As many orders are in the kitchen as it takes at once (`max_open_orders`); one will be out soon."""

    code = "restaurant-busy"
    title = "The kitchen has as many orders as it takes at once. Try again in some minutes."


class ItemUnknown(DomainError):
    """The item is not on this restaurant's menu: gone, or another restaurant's."""

    code = "item-unknown"
    title = "The item is not on this restaurant's menu."


class ItemUnavailable(DomainError):
    """The item, or an option taken with it, is sold out."""

    code = "item-unavailable"
    title = "An item or option is sold out."


class OptionInvalid(DomainError):
    """An option does not belong to the item, is taken twice, or a group has too few or too many."""

    code = "option-invalid"
    title = "The options do not fit the item."


class TotalTooHigh(DomainError):
    """Basket, fees and tip come to more than the platform counts; `total_minor` and `most_minor` say how much."""

    code = "total-too-high"
    title = "The order comes to more than can be paid at once."


class OutsideZone(DomainError):
    """No zone contains the door."""

    code = "outside-zone"
    title = "The address is outside every delivery zone."


class TooFar(DomainError):
    """The door is farther than the restaurant delivers; `distance_m` and `radius_m` say how far."""

    code = "too-far"
    title = "The address is farther than this restaurant delivers."


class BelowMinimum(DomainError):
    """The subtotal is below the restaurant's minimum; `minimum_minor` and `subtotal_minor` say by how much."""

    code = "below-minimum"
    title = "The order is below the restaurant's minimum."


class QuoteExpired(DomainError):
    """The promise ran out at `expires_at`; ask for a new one."""

    code = "quote-expired"
    title = "The quote has expired."
    kind = Kind.GONE


class QuoteUsed(DomainError):
    """An order was already placed with this quote; `order_id` names it."""

    code = "quote-used"
    title = "An order was already placed with this quote."
    kind = Kind.CONFLICT


class QuoteMismatch(DomainError):
    """The order's address is not the one that the quote was made for."""

    code = "quote-mismatch"
    title = "The quote was made for another address."


class OrderClosed(DomainError):
    """It was rejected, cancelled, delivered or brought back, or has left the kitchen; `order_status` says which."""

    code = "order-closed"
    title = "The order can no longer be changed."
    kind = Kind.CONFLICT


class CancelTooLate(DomainError):
    """The order has gone too far for this role to cancel it; `order_status` says how far."""

    code = "cancel-too-late"
    title = "It is too late to cancel this order."
    kind = Kind.CONFLICT


class TrackingLinkInvalid(DomainError):
    """The link's signature is not ours."""

    code = "tracking-link-invalid"
    title = "There is no such tracking link."
    kind = Kind.NOT_FOUND


class NotDelivered(DomainError):
    """Only what was handed over can be rated."""

    code = "not-delivered"
    title = "The order has not been delivered."
    kind = Kind.CONFLICT


class ReviewClosed(DomainError):
    """The thirty days after the delivery have passed."""

    code = "review-closed"
    title = "This order can no longer be rated."
    kind = Kind.GONE


class TipGiven(DomainError):
    """A tip of another amount was given before; `tip_minor` says how much."""

    code = "tip-given"
    title = "A tip was given already."
    kind = Kind.CONFLICT
