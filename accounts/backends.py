"""What a role may do in the back office: the rights of the group that comes with it."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Permission

from accounts.groups import GROUP_OF
from accounts.models import User
from accounts.states import Role


class RoleBackend(BaseBackend):
    """Answers permission questions from the user's role, beside those of his own groups; logs nobody in."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the rights that come with the role; one query a request."""
        group = GROUP_OF.get(Role(user_obj.role)) if isinstance(user_obj, User) and user_obj.is_active else None
        if group is None or obj is not None:
            return set()
        if not hasattr(user_obj, "_rights_of_role"):
            rows = Permission.objects.filter(group__name=group).order_by()
            rights = {f"{app}.{code}" for app, code in rows.values_list("content_type__app_label", "codename")}
            user_obj._rights_of_role = rights  # kept as Django's own backend does
        return user_obj._rights_of_role  # type: ignore[no-any-return]

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Say whether the role carries the permission, e.g. `orders.view_order`; an admin's carries all."""
        if isinstance(user_obj, User) and user_obj.is_active and user_obj.role == Role.ADMIN:
            return True
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Say whether the role sees anything of the app."""
        if isinstance(user_obj, User) and user_obj.is_active and user_obj.role == Role.ADMIN:
            return True
        return any(right.partition(".")[0] == app_label for right in self.get_all_permissions(user_obj))
