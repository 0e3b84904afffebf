"""HTTP of the accounts app."""

from accounts.views.auth import LoginView, LogoutView, MeView, RefreshView, RegisterView, SocketTicketView

__all__ = ["LoginView", "LogoutView", "MeView", "RefreshView", "RegisterView", "SocketTicketView"]
