"""Users and groups in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _auth_pages  # noqa: F401 (registers Group, which we take over)
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from accounts import services
from accounts.groups import GROUPS
from accounts.models import User
from accounts.states import Role
from fleetsync.admin_base import OpsAdmin, actor_of
from fleetsync.admin_history import HistoryAdmin
from fleetsync.core import clock

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(OpsAdmin):
    """Rights beside those that come with the role. Our own groups follow the code; others are an admin's."""

    list_display = ["name"]
    search_fields = ["name"]
    ordering = ["name", "id"]
    filter_horizontal = ["permissions"]

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Keep our own groups as they are: the next migration would write them anew."""
        ours = obj is not None and obj.name in GROUPS
        return not ours and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Keep our own groups."""
        ours = obj is not None and obj.name in GROUPS
        return not ours and bool(super().has_delete_permission(request, obj))


@admin.register(User)
class UserAdmin(HistoryAdmin, OpsAdmin):
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
            services.update_profile(user=obj, changes=plain, now=clock.now(), actor=actor_of(request))

    def save_related(self, request: HttpRequest, form: forms.ModelForm[User], formsets: Any, change: bool) -> None:
        """Put the user into groups by the service: who is in one may enter the back office."""
        if "groups" in form.changed_data and isinstance(request.user, User):
            services.change_groups(
                user=User.objects.get(pk=form.instance.pk),
                groups=form.cleaned_data["groups"],
                admin=request.user,
                now=clock.now(),
            )

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
