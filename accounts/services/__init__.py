"""Writes of the accounts app, by verb."""

from accounts.services.access import activate_user, change_groups, change_role, deactivate_user
from accounts.services.documents import change_document, drop_document, keep_document
from accounts.services.drivers import approve_driver, reinstate_driver, suspend_driver, update_driver
from accounts.services.invitations import accept_invitation, invite, send_invitation
from accounts.services.logins import Login, end_sessions, forget_spent, log_in, log_out, open_login, refresh_login
from accounts.services.passwords import (
    ask_password_reset,
    change_password,
    reset_password,
    send_password_reset,
    set_password,
)
from accounts.services.registration import create_user, register, update_profile
from accounts.services.tickets import make_socket_ticket, use_socket_ticket

__all__ = [
    "Login",
    "accept_invitation",
    "activate_user",
    "approve_driver",
    "ask_password_reset",
    "change_document",
    "change_groups",
    "change_password",
    "change_role",
    "create_user",
    "deactivate_user",
    "drop_document",
    "end_sessions",
    "forget_spent",
    "invite",
    "keep_document",
    "log_in",
    "log_out",
    "make_socket_ticket",
    "open_login",
    "refresh_login",
    "register",
    "reinstate_driver",
    "reset_password",
    "send_invitation",
    "send_password_reset",
    "set_password",
    "suspend_driver",
    "update_driver",
    "update_profile",
    "use_socket_ticket",
]
