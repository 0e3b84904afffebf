"""People, rights and logins in the back office; a driver's page is put together in `tracking.admin`."""

from accounts.admin.logins import InvitationAdmin, RefreshTokenAdmin, SocketTicketAdmin, TokenFamilyAdmin
from accounts.admin.people import GroupAdmin, UserAdmin

__all__ = [
    "GroupAdmin",
    "InvitationAdmin",
    "RefreshTokenAdmin",
    "SocketTicketAdmin",
    "TokenFamilyAdmin",
    "UserAdmin",
]
