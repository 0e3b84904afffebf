"""Writes of the accounts app, by verb."""

from accounts.services.logins import Login, end_sessions, forget_spent, log_in, log_out, open_login, refresh_login
from accounts.services.registration import create_user, register, update_profile
from accounts.services.tickets import make_socket_ticket, use_socket_ticket

__all__ = [
    "Login",
    "create_user",
    "end_sessions",
    "forget_spent",
    "log_in",
    "log_out",
    "make_socket_ticket",
    "open_login",
    "refresh_login",
    "register",
    "update_profile",
    "use_socket_ticket",
]
