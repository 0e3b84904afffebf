"""Cursor lists."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from fleetsync.core.errors import InvalidInput


class Cursor(CursorPagination):
    """`results`, `next`, `previous`; `limit` up to 100; newest first by the time-ordered id."""

    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Any:
        """Return where the page begins; None for the first page.

        Raises:
            InvalidInput: the cursor is not one of ours.
        """
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                UUID(str(cursor.position))
        except (NotFound, ValueError) as error:
            raise InvalidInput("Not a cursor of this list.", attr="cursor") from error
        return cursor
