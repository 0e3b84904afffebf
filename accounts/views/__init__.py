"""HTTP of the accounts app."""

from accounts.views.auth import LoginView, LogoutView, MeView, RefreshView, RegisterView, SocketTicketView
from accounts.views.passwords import PasswordResetConfirmView, PasswordResetView, PasswordView
from accounts.views.people import (
    AcceptInvitationView,
    ApproveDriverView,
    DriversView,
    DriverView,
    InvitationsView,
    MyDriverView,
    ReinstateDriverView,
    SuspendDriverView,
)

__all__ = [
    "AcceptInvitationView",
    "ApproveDriverView",
    "DriverView",
    "DriversView",
    "InvitationsView",
    "LoginView",
    "LogoutView",
    "MeView",
    "MyDriverView",
    "PasswordResetConfirmView",
    "PasswordResetView",
    "PasswordView",
    "RefreshView",
    "RegisterView",
    "ReinstateDriverView",
    "SocketTicketView",
    "SuspendDriverView",
]
