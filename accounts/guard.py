"""Whom the guard of the log-in pages counts a failure for: the address tried, and where the browser is."""

from ipaddress import ip_address

from django.http import HttpRequest

from fleetsync.core import throttles


def name_tried(request: HttpRequest, credentials: dict[str, str] | None = None) -> str:
    """Return the e-mail address that was tried, as one however it is written; empty where none was."""
    tried = (credentials or request.POST).get("username")
    return (tried or "").strip().lower()


def address_of(request: HttpRequest) -> str | None:
    """Return the browser's address as the API's throttles see it; None where that is no address."""
    found = throttles.address_of(request)
    try:
        return str(ip_address(found))
    except ValueError:
        return None
