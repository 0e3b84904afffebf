"""Who may, by role. Which object it is about is decided by the querysets' `visible_to`."""

from typing import ClassVar, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import Driver, User
from accounts.states import OPS, Role
from fleetsync.core.errors import NotAllowed, NotFound


class HasRole(BasePermission):
    """Let in those who are logged in and have one of `roles`."""

    roles: ClassVar[frozenset[Role]] = frozenset()
    message = "Your role may not do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Compare the role of the user behind the token."""
        return request.user.is_authenticated and request.user.role in self.roles


class IsCustomer(HasRole):
    """A customer."""

    roles = frozenset({Role.CUSTOMER})


class IsDriver(HasRole):
    """A driver, who has a profile."""

    roles = frozenset({Role.DRIVER})

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Also ask for the profile, which comes with the user."""
        return super().has_permission(request, view) and hasattr(request.user, "driver")


class IsRestaurant(HasRole):
    """Staff of a restaurant; of which, the queryset decides."""

    roles = frozenset({Role.RESTAURANT})


class IsOps(HasRole):
    """Dispatch staff: DISPATCHER or ADMIN."""

    roles = OPS


class IsOpsOrHidden(IsOps):
    """Dispatch staff; for others who are logged in the object does not exist: 404, not 403."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse with `not-found`."""
        if request.user.is_authenticated and not super().has_permission(request, view):
            raise NotFound
        return request.user.is_authenticated


class IsAdmin(HasRole):
    """An admin."""

    roles = frozenset({Role.ADMIN})


class IsRestaurantOrOps(HasRole):
    """Staff of a restaurant, or dispatch staff."""

    roles = OPS | {Role.RESTAURANT}


def user_of(request: Request) -> User:
    """Return the user who is logged in."""
    return cast("User", request.user)


def driver_of(request: Request) -> Driver:
    """Return the profile of the driver who is logged in.

    Raises:
        NotAllowed: no driver.
    """
    user = request.user
    profile = getattr(user, "driver", None)
    if not user.is_authenticated or user.role != Role.DRIVER or not isinstance(profile, Driver):
        raise NotAllowed
    return profile
