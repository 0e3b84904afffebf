"""What a role may do in the back office: rights come with the role, not with rows somebody must keep."""

from typing import Any, Final

from django.contrib.auth.backends import BaseBackend

from accounts.models import User
from accounts.states import Role

#: Dispatchers look at everything but secrets …
HIDDEN_FROM_DISPATCHERS: Final = frozenset({"tokenfamily", "refreshtoken", "socketticket", "idempotencykey", "group"})
#: … and keep these up to date. Zones, users and rights are for admins.
KEPT_BY_DISPATCHERS: Final = frozenset(
    {
        "accounts.driver",
        "restaurants.restaurant",
        "restaurants.restaurantstaff",
        "restaurants.openinghours",
        "restaurants.closure",
        "restaurants.menucategory",
        "restaurants.menuitem",
        "restaurants.optiongroup",
        "restaurants.option",
        "dispatch.shift",
    }
)
APPS: Final = frozenset({"accounts", "restaurants", "orders", "dispatch", "tracking", "core"})


class RoleBackend(BaseBackend):
    """Answers permission questions from the user's role; logs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Say whether the role carries the permission, e.g. `orders.view_order`."""
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        if user_obj.role == Role.ADMIN:
            return True
        if user_obj.role != Role.DISPATCHER:
            return False
        app, _, code = perm.partition(".")
        verb, _, model = code.partition("_")
        if app not in APPS or model.removeprefix("historical") in HIDDEN_FROM_DISPATCHERS:
            return False
        return verb in ("view", "operate") or f"{app}.{model}" in KEPT_BY_DISPATCHERS

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Say whether the role sees anything of the app."""
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        return user_obj.role == Role.ADMIN or (user_obj.role == Role.DISPATCHER and app_label in APPS)
