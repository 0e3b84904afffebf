"""Users and drivers in the back office; secrets are never shown."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _auth_pages  # noqa: F401 (registers Group, which we take over)
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import action

from accounts import services
from accounts.models import Driver, Invitation, RefreshToken, SocketTicket, TokenFamily, User
from accounts.states import Role
from fleetsync.admin_base import OpsAdmin, ReadOnlyAdmin, actor_of, shown_place
from fleetsync.admin_maps import MapMedia
from fleetsync.core import clock

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(OpsAdmin):
    """Further rights, beside those that come with the role."""

    list_display = ["name"]
    search_fields = ["name"]
    ordering = ["name", "id"]
    filter_horizontal = ["permissions"]


@admin.register(User)
class UserAdmin(SimpleHistoryAdmin, OpsAdmin):  # type: ignore[misc]
    """People who can log in. Roles change here, passwords by mail alone."""

    id_kind = "user_id"
    list_display = ["email", "name", "role", "is_active", "created_at"]
    search_fields = ["email", "name", "phone"]
    list_filter = ["role", "is_active"]
    ordering = ["-id"]
    fields = ["public_id", "email", "name", "phone", "role", "groups", "is_active", "created_at", "last_login"]
    readonly_fields = ["public_id", "email", "is_active", "created_at", "last_login"]
    filter_horizontal = ["groups"]
    actions = ["end_sessions", "deactivate", "activate"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People register or are invited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Orders need their people; deactivate instead."""
        return False

    def has_admin_permission(self, request: HttpRequest) -> bool:
        """Say whether the user is an admin."""
        return getattr(request.user, "role", None) == Role.ADMIN

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Save through the services: a new role ends every session."""
        if "role" in form.changed_data and isinstance(request.user, User):
            role = Role(form.cleaned_data["role"])
            user = User.objects.get(pk=obj.pk)
            services.change_role(user=user, role=role, admin=request.user, now=clock.now(), real_now=clock.real_now())
        plain: dict[str, Any] = {
            name: form.cleaned_data[name] for name in ("name", "phone") if name in form.changed_data
        }
        if plain:
            services.update_profile(user=obj, changes=plain, now=clock.now())

    @action(description="End all sessions", permissions=["admin"])  # type: ignore[untyped-decorator]
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Log the chosen users out everywhere."""
        now, real_now, actor = clock.now(), clock.real_now(), actor_of(request)
        self.run(
            request,
            queryset,
            "users logged out",
            lambda user: services.end_sessions(user=user, reason="ops", now=now, real_now=real_now, actor=actor),
        )

    @action(description="Close account", permissions=["admin"])  # type: ignore[untyped-decorator]
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Keep the chosen users from logging in."""
        now, real_now, actor = clock.now(), clock.real_now(), actor_of(request)
        self.run(
            request,
            queryset.exclude(pk=str(request.user.pk)),
            "accounts closed",
            lambda user: services.deactivate_user(user=user, now=now, real_now=real_now, actor=actor),
        )

    @action(description="Open account again", permissions=["admin"])  # type: ignore[untyped-decorator]
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the chosen users log in again."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request, queryset, "accounts opened", lambda user: services.activate_user(user=user, now=now, actor=actor)
        )


@admin.register(Driver)
class DriverAdmin(SimpleHistoryAdmin, OpsAdmin):  # type: ignore[misc]
    """Drivers: vehicle and capacity are edited, approval goes by actions."""

    Media = MapMedia
    id_kind = "driver_id"
    id_searches = {"usr": "user_id"}
    list_display = ["user", "vehicle", "capacity", "plate", "approved_at", "suspended_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__name", "plate"]
    list_filter = ["vehicle", ("approved_at", admin.EmptyFieldListFilter), ("suspended_at", admin.EmptyFieldListFilter)]
    ordering = ["-id"]
    fields = ["public_id", "user", "vehicle", "capacity", "plate", "approved_at", "suspended_at", "last_seen"]
    readonly_fields = ["public_id", "user", "approved_at", "suspended_at", "last_seen"]
    actions = ["approve", "suspend", "reinstate"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drivers come by invitation."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Driver | None = None) -> bool:
        """Deliveries need their drivers; suspend instead."""
        return False

    @admin.display(description="last seen")
    def last_seen(self, obj: Driver) -> str:
        """Return the last position on a map."""
        position: Any = getattr(obj, "position", None)
        return shown_place(position.point if position else None)

    def save_model(self, request: HttpRequest, obj: Driver, form: forms.ModelForm[Driver], change: bool) -> None:
        """Save through the service, so that the change is an event."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.update_driver(driver=obj, changes=changes, now=clock.now())

    @action(description="Approve", permissions=["ops"])  # type: ignore[untyped-decorator]
    def approve(self, request: HttpRequest, queryset: QuerySet[Driver]) -> None:
        """Let the chosen drivers go online."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request,
            queryset.select_related("user"),
            "drivers approved",
            lambda row: services.approve_driver(driver=row, now=now, actor=actor),
        )

    @action(description="Suspend", permissions=["ops"])  # type: ignore[untyped-decorator]
    def suspend(self, request: HttpRequest, queryset: QuerySet[Driver]) -> None:
        """Keep the chosen drivers offline."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request,
            queryset.select_related("user"),
            "drivers suspended",
            lambda row: services.suspend_driver(driver=row, now=now, actor=actor, reason="ops"),
        )

    @action(description="Reinstate", permissions=["ops"])  # type: ignore[untyped-decorator]
    def reinstate(self, request: HttpRequest, queryset: QuerySet[Driver]) -> None:
        """End the suspension of the chosen drivers."""
        now, actor = clock.now(), actor_of(request)
        self.run(
            request,
            queryset.select_related("user"),
            "drivers reinstated",
            lambda row: services.reinstate_driver(driver=row, now=now, actor=actor),
        )


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was invited as what; the secret itself went by mail alone."""

    id_kind = "invitation_id"
    list_display = ["email", "role", "invited_by", "created_at", "expires_at", "accepted_at"]
    list_select_related = ["invited_by"]
    search_fields = ["email"]
    list_filter = ["role", ("accepted_at", admin.EmptyFieldListFilter)]
    ordering = ["-id"]
    exclude = ["token_hash"]


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    """Logins, and why they ended."""

    list_display = ["user", "created_at", "revoked_at", "revoked_because"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    list_filter = ["revoked_because"]
    ordering = ["-id"]


@admin.register(RefreshToken)
class RefreshTokenAdmin(ReadOnlyAdmin):
    """One-use tokens of a login; the row's id alone opens nothing."""

    list_display = ["id", "owner", "expires_at", "used_at"]
    list_select_related = ["family__user"]
    search_fields = ["family__user__email"]
    ordering = ["-id"]

    @admin.display(description="user")
    def owner(self, obj: RefreshToken) -> str:
        """Return whose login it belongs to."""
        return str(obj.family.user)


@admin.register(SocketTicket)
class SocketTicketAdmin(ReadOnlyAdmin):
    """Tickets that opened sockets; only their fingerprints are known."""

    list_display = ["user", "expires_at", "used_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    ordering = ["-expires_at", "pk"]
    exclude = ["token_hash"]
