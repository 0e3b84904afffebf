"""Whether an error is one statement's, or the database is away."""

from django.db import InterfaceError, OperationalError, connection


def is_away(error: Exception) -> bool:
    """Say whether the connection is lost: nobody's fault, and nothing else can be done either.

    A deadlock, or a lock waited for too long, is an OperationalError too, but leaves it usable.
    """
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    return connection.connection is None or (connection.errors_occurred and not connection.is_usable())
