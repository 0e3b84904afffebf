"""Template filters of the back office's own pages."""

from datetime import datetime
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracking.selectors.stuck import Stuck
from tracking.templatetags.fleetsync import span

register = template.Library()

#: What a button says, by verb.
VERBS: Final = {
    "accept": "Accept for the kitchen",
    "assign": "Assign",
    "cancel": "Cancel",
    "hold": "Hold",
    "redispatch": "Re-dispatch",
    "release": "Release",
    "reopen": "Search again",
}
_SHAPES: Final = {
    "late": "M1.4 1.4h9.2v9.2H1.4z",
    "risk": "M6 1.2 11.4 10.6H.6z",
    "ok": "M6 1.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 1 1 0-8.8z",
    "off": "M2 5h8v2H2z",
}


@register.filter
def verb_word(verb: str) -> str:
    """Return what the button of a verb says."""
    return VERBS[verb]


@register.filter
def age(row: Stuck, now: datetime) -> str:
    """Return for how long an order is stuck."""
    hours = row.age_s(now) / 3600
    return span(row.age_s(now)) if hours < 2 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


@register.simple_tag
def pill(kind: str, word: str) -> SafeString:
    """Return a state: its shape, its word, its hue; never the hue alone."""
    return format_html(
        '<span class="pill is-{}"><svg class="g" viewBox="0 0 12 12" aria-hidden="true"><path d="{}"/></svg>{}</span>',
        "free" if kind == "ok" else kind,
        _SHAPES[kind],
        word,
    )
