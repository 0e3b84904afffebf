"""Template filters of our pages."""

from uuid import UUID

from django import template

from fleetsync.core import ids

register = template.Library()


@register.filter
def public_id(value: UUID, kind: str) -> str:
    """Return the public id: `{{ order.pk|public_id:"order_id" }}`."""
    return ids.public(kind, value)


@register.filter
def span(seconds: float | None) -> str:
    """Return a span in words: 45 s, 9:46, 12 min; a dash where there is none."""
    if seconds is None:
        return "–"  # noqa: RUF001 (an en dash, as everywhere on our pages)
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02d}" if whole < 600 else f"{round(whole / 60)} min"
