"""Refusals of the restaurants app."""

from fleetsync.core.errors import DomainError, InvalidInput, Kind, NotFound


class RestaurantNotFound(NotFound):
    """It does not exist, is not published, or is not yours to change."""

    code = "restaurant-not-found"
    title = "There is no such restaurant."


class MenuObjectNotFound(NotFound):
    """Not on this restaurant's menu."""

    code = "menu-object-not-found"
    title = "There is no such thing on this menu."


class ClosureNotFound(NotFound):
    """Not a closure of this restaurant."""

    code = "closure-not-found"
    title = "There is no such closure."


class StaffNotFound(NotFound):
    """Nobody of this restaurant's staff."""

    code = "staff-not-found"
    title = "This user does not work here."


class ZoneNotFound(NotFound):
    """No such zone."""

    code = "zone-not-found"
    title = "There is no such zone."


class OutsideZones(DomainError):
    """No active zone covers the place."""

    code = "outside-zones"
    title = "This place is outside every zone."


class RestaurantInUse(DomainError):
    """Orders stand on it."""

    code = "restaurant-in-use"
    title = "The restaurant has orders; unpublish it instead."
    kind = Kind.CONFLICT


class ZoneInUse(DomainError):
    """Restaurants, orders or drivers stand on it."""

    code = "zone-in-use"
    title = "The zone is in use; make it inactive instead."
    kind = Kind.CONFLICT


class ZoneNameTaken(DomainError):
    """Zone names are unique."""

    code = "zone-name-taken"
    title = "There is a zone with this name."
    kind = Kind.CONFLICT


class BadPolygon(InvalidInput):
    """The corners make no usable area; `detail` says why."""

    code = "bad-polygon"
    title = "The corners do not make a usable area."


class HoursOverlap(InvalidInput):
    """Two openings of one weekday overlap."""

    code = "hours-overlap"
    title = "Two openings overlap."


class TooMany(DomainError):
    """A limit of what one restaurant may have is reached."""

    code = "limit-reached"
    title = "There are as many of these as there may be."


class NoSuchStaffUser(DomainError):
    """Nobody with the role RESTAURANT has this address."""

    code = "no-such-staff-user"
    title = "No restaurant user has this e-mail address; invite them first."
