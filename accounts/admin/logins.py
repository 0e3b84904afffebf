"""Invitations and logins in the back office; secrets are never shown."""

from django.contrib import admin

from accounts.models import Invitation, RefreshToken, SocketTicket, TokenFamily
from fleetsync.admin_base import ReadOnlyAdmin
from fleetsync.admin_lists import said


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
    list_filter = [
        said(
            "revoked_because",
            "logout",
            "reuse",
            "password_changed",
            "password_reset",
            "role_changed",
            "deactivated",
            "ops",
        )
    ]
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
