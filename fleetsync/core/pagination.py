"""Cursor lists."""

from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """`results`, `next`, `previous`; `limit` up to 100; newest first by the time-ordered id."""

    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = "-id"
