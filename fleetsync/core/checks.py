"""Checks at start (`migrate` and `check --database default` run them): do the connections suffice?"""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connection

#: The relay's ear, and what a person with psql or a migration needs.
RESERVE: Final = 5


def connections_wanted() -> int:
    """Return how many connections all processes may hold together, reserve included."""
    return int(settings.FLEETSYNC_PROCESSES * settings.FLEETSYNC_POOL_MAX) + RESERVE


@register(Tags.database)
def pools_fit(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Compare the sum of the pools with what PostgreSQL allows."""
    if "default" not in (databases or ()):
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT current_setting('max_connections')::int
                        - current_setting('superuser_reserved_connections')::int"""
            )
            (allowed,) = cursor.fetchone()
    except DatabaseError as error:
        return [
            CheckWarning(f"PostgreSQL could not be asked for its limits: {type(error).__name__}", id="fleetsync.W001")
        ]
    if connections_wanted() <= allowed:
        return []
    return [
        Error(
            f"{settings.FLEETSYNC_PROCESSES} processes with pools of {settings.FLEETSYNC_POOL_MAX} want "
            f"{connections_wanted()} connections; PostgreSQL allows {allowed}.",
            hint="Lower FLEETSYNC_POOL_MAX or FLEETSYNC_PROCESSES, or raise max_connections.",
            id="fleetsync.E001",
        )
    ]
