"""Refusals of the dispatch app. `code` is public API."""

from fleetsync.core.errors import DomainError, IllegalTransition, Kind


class DriverNotApproved(DomainError):
    """Ops have not approved the driver yet."""

    code = "driver-not-approved"
    title = "You are not approved to drive yet."
    kind = Kind.FORBIDDEN


class DriverSuspended(DomainError):
    """Ops suspended the driver."""

    code = "driver-suspended"
    title = "You are suspended from driving."
    kind = Kind.FORBIDDEN


class OutsideZones(DomainError):
    """The driver stands in no active zone."""

    code = "outside-zones"
    title = "There is no delivery zone at this place."


class SessionNotFound(DomainError):
    """The driver is not online."""

    code = "session-not-found"
    title = "You are not online."
    kind = Kind.NOT_FOUND


class ShiftOver(DomainError):
    """`off_at` lies in the past."""

    code = "shift-over"
    title = "The end of the shift has passed."


class ShiftOverlaps(DomainError):
    """The driver has another shift in this time."""

    code = "shift-overlaps"
    title = "The driver has another shift in this time."
    kind = Kind.CONFLICT


class OfferNotFound(DomainError):
    """The offer does not exist or is another driver's."""

    code = "offer-not-found"
    title = "There is no such offer."
    kind = Kind.NOT_FOUND


class OfferExpired(DomainError):
    """It was declined, withdrawn, not acknowledged, or is past `expires_at`."""

    code = "offer-expired"
    title = "The offer has expired."
    kind = Kind.GONE


class DeliveryTaken(DomainError):
    """Someone else was faster, or the order was cancelled."""

    code = "delivery-taken"
    title = "The delivery is taken."
    kind = Kind.CONFLICT


class DeliveryNotFound(DomainError):
    """The delivery does not exist or is another driver's."""

    code = "delivery-not-found"
    title = "There is no such delivery."
    kind = Kind.NOT_FOUND


class DriverFull(DomainError):
    """The driver holds as many deliveries as fit on his vehicle."""

    code = "driver-full"
    title = "The driver has no room for another delivery."
    kind = Kind.CONFLICT


class DriverUnavailable(DomainError):
    """The driver is offline or paused."""

    code = "driver-unavailable"
    title = "The driver is not online."
    kind = Kind.CONFLICT


class WrongStep(IllegalTransition):
    """The delivery is not where this step begins; `delivery_status` says where it is."""

    title = "The delivery's present state does not allow this."


class PinMissing(DomainError):
    """The zone hands over for a PIN alone, and none was sent."""

    code = "pin-missing"
    title = "Ask the customer for the PIN."


class PinWrong(DomainError):
    """Not the digits that the customer sees; `tries_left` says how often he may try others."""

    code = "pin-wrong"
    title = "This is not the customer's PIN."
    keeps = True


class PinLocked(DomainError):
    """Too many wrong PINs: ops find out who stands at the door, and waive it."""

    code = "pin-locked"
    title = "Too many wrong PINs. Dispatch must help now."
    kind = Kind.CONFLICT


class PolicyInvalid(DomainError):
    """A policy names a parameter that does not exist, or a value out of its bounds."""

    code = "policy-invalid"
    title = "The parameters of the policy are not valid."
    kind = Kind.INVALID


class PolicyNotFound(DomainError):
    """There is no such policy, or nothing to go back to."""

    code = "policy-not-found"
    title = "There is no such policy."
    kind = Kind.NOT_FOUND


class PolicyConflict(DomainError):
    """Another policy began to hold meanwhile, or this one already does."""

    code = "policy-conflict"
    title = "The zone's policy has changed meanwhile."
    kind = Kind.CONFLICT


class PolicyUnrehearsed(DomainError):
    """A draft that no rehearsal has tried cannot be activated without saying so."""

    code = "policy-unrehearsed"
    title = "The policy was not rehearsed on recorded demand yet."
    kind = Kind.CONFLICT


class SettingsInvalid(DomainError):
    """A zone's dispatch settings hold a field or value that cannot be."""

    code = "dispatch-settings-invalid"
    title = "The dispatch settings of the zone are not valid."
    kind = Kind.INVALID
