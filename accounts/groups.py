"""Who may do what in the back office: four groups, and which of them comes with a role.

The table is the truth. Every `migrate` (and every flush) writes it into Django's own groups
and permissions, in the moment Django writes the permissions themselves: a new model is in the
right groups at once, and nobody has to keep rows. For anything else an admin makes a group of
his own, which is left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import AppConfig

from accounts.states import Role

OPS_READ_ONLY: Final = "Ops, read only"
DISPATCHER: Final = "Dispatcher"
RESTAURANT_MANAGER: Final = "Restaurant manager"
ADMIN: Final = "Admin"
#: The group whose rights come with a role, without being put into it.
GROUP_OF: Final[Mapping[Role, str]] = {Role.DISPATCHER: DISPATCHER, Role.ADMIN: ADMIN}

APPS: Final = frozenset({"accounts", "restaurants", "orders", "dispatch", "tracking", "core"})
#: Logins, rights, stored answers, and where people were: for admins.
SECRET: Final = frozenset({"tokenfamily", "refreshtoken", "socketticket", "idempotencykey"})
KITCHEN: Final = frozenset(
    {"restaurant", "restaurantstaff", "openinghours", "closure", "menucategory", "menuitem", "optiongroup", "option"}
)
#: What dispatchers and managers of restaurants keep up to date, beside looking at it.
KEPT_BY_DISPATCHERS: Final = KITCHEN | {"driver", "driverdocument", "shift", "dispatchpolicy"}
KEPT_BY_MANAGERS: Final = KITCHEN - {"restaurant", "restaurantstaff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a group may; `None` is every model of ours. `keeps` is adding, changing and deleting."""

    sees: frozenset[str] | None = None
    keeps: frozenset[str] | None = frozenset()
    changes: frozenset[str] = frozenset()
    acts: frozenset[str] | None = frozenset()
    hidden: frozenset[str] = SECRET
    further: bool = False  # rights of other names, such as taking personal data out

    def allow(self, verb: str, model: str) -> bool:
        """Say whether a permission of this name is among them."""
        model = model.removeprefix("historical")
        if model in self.hidden:
            return False
        match verb:
            case "view":
                return self.sees is None or model in self.sees
            case "change" if model in self.changes:
                return True
            case "add" | "change" | "delete":
                return self.keeps is None or model in self.keeps
            case "operate":
                return self.acts is None or model in self.acts
        return self.further


GROUPS: Final[Mapping[str, Rights]] = {
    OPS_READ_ONLY: Rights(),
    DISPATCHER: Rights(keeps=KEPT_BY_DISPATCHERS, acts=None),
    RESTAURANT_MANAGER: Rights(
        sees=KITCHEN | {"order", "orderline"},
        keeps=KEPT_BY_MANAGERS,
        changes=frozenset({"restaurant"}),
        acts=frozenset({"restaurant", "order"}),
    ),
    ADMIN: Rights(keeps=None, acts=None, hidden=frozenset(), further=True),
}


def grant(sender: AppConfig, **_more: Any) -> None:
    """Bring the rights of our groups over one app's models up to the table; five queries."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group, Permission

    if sender.label not in APPS:
        return
    create_permissions(sender, verbosity=0)
    Group.objects.bulk_create([Group(name=name) for name in GROUPS], ignore_conflicts=True)
    groups = {group.name: group.pk for group in Group.objects.filter(name__in=GROUPS)}
    rows = Permission.objects.filter(content_type__app_label=sender.label).values_list("pk", "codename")
    through = Group.permissions.through
    wanted = {
        (groups[name], pk)
        for name, rights in GROUPS.items()
        for pk, codename in rows
        if rights.allow(*codename.partition("_")[::2])
    }
    ours = through.objects.filter(group__in=groups.values(), permission__content_type__app_label=sender.label)
    had = {(group, permission): pk for pk, group, permission in ours.values_list("pk", "group_id", "permission_id")}
    through.objects.filter(pk__in=[pk for pair, pk in had.items() if pair not in wanted]).delete()
    through.objects.bulk_create(
        [through(group_id=group, permission_id=permission) for group, permission in sorted(wanted - had.keys())],
        ignore_conflicts=True,
    )
