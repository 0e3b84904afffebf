"""The first page of the back office: kept promises and stuck orders, then charts, then the machinery."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import DriverDocument
from fleetsync import admin_charts as charts
from fleetsync.core import clock, ids, money
from restaurants.models import Zone
from tracking.selectors.dashboard import CLICK_STEP_MIN, Dashboard, Flow, dashboard
from tracking.selectors.machinery import Part, State, machinery
from tracking.selectors.spans import SPANS, Span, span_of
from tracking.selectors.stuck import stuck_orders
from tracking.templatetags.fleetsync import span as words

SPAN_WORDS: Final = {"today": "Today", "24h": "24 h", "7d": "7 days"}
BEFORE_WORDS: Final = {"today": "yesterday by now", "24h": "the day before", "7d": "the week before"}
CAUSE_WORDS: Final = {
    "kitchen": "Kitchen later than said",
    "refused": "Drivers said no",
    "no_driver": "No driver in time",
    "driver": "Driver late for the food",
    "way": "Long way",
    "door": "Long at the door",
    "tight": "Promise too short",
}
MOST_STUCK: Final = 5
WEEK_KEPT_S: Final = 60
LABELS: Final = 6
PAY_BARS: Final = 8
DASH: Final = "–"  # noqa: RUF001 (an en dash, as everywhere on our pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A key figure: its number, how it was before in words, and its way over the span."""

    name: str
    number: str
    unit: str = ""
    change: str = ""
    than: str = ""
    good: bool | None = None
    spark: str = ""


def may_see_dashboard(request: HttpRequest) -> bool:
    """Say whether the figures of the whole platform are for this user."""
    return request.user.has_perm("dispatch.view_delivery") and request.user.has_perm("core.view_outbox")


def on_index(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the dashboard to the admin's first page, for those who may see it."""
    if not may_see_dashboard(request):
        return context
    now = clock.now()
    zones = list(Zone.objects.order_by("name", "pk").only("name", "time_zone", "currency"))
    zone = _chosen(zones, request.GET.get("zone", ""))
    span = span_of(key=request.GET.get("span", "today"), now=now, time_zone=_time_zone(zone, zones))
    found = figures_of(span, zone)
    stuck = stuck_orders(now=now, zone_id=zone.pk if zone else None)
    parts = machinery(now=now)
    currency = currency_of([zone] if zone else zones)
    return context | {
        "title": f"{SPAN_WORDS[span.key]} in {zone.name if zone else 'all zones'}",
        "zones": [{"id": ids.public("zone_id", each.pk), "name": each.name} for each in zones],
        "zone_id": ids.public("zone_id", zone.pk) if zone else "",
        "span": span.key,
        "spans": [(key, SPAN_WORDS[key]) for key in SPANS],
        "now": now,
        "as_of": found.span.end,
        "found": found,
        "tiles": tiles_of(found, currency),
        "stuck": stuck[:MOST_STUCK],
        "stuck_total": len(stuck),
        "quiet": not found.total.placed and span.key == "today",
        "charts": charts_of(found) | {"pay": pay_chart(found.hourly_minor, currency)},
        "pay_typical": typical_pay(found.hourly_minor, currency),
        "currency": currency,
        "causes": causes_of(found),
        "late_delivered": sum(found.causes.values()),
        "kitchens": kitchens_of(found),
        "parts": [(part, address_of(part, request)) for part in parts],
        "parts_word": _health(parts),
        "offers_mean": found.offers_mean,
        "promise": words(found.total.promise_s),
    }


def figures_of(span: Span, zone: Zone | None) -> Dashboard:
    """Return the span's figures; those of a week, which read two weeks of orders, are a minute old at most."""
    zone_id = zone.pk if zone else None
    if span.key != "7d":
        return dashboard(span=span, zone_id=zone_id)
    key = f"office.dashboard.{span.start.timestamp():.0f}.{zone_id}"
    kept = cache.get_or_set(key, lambda: dashboard(span=span, zone_id=zone_id), WEEK_KEPT_S)
    return cast("Dashboard", kept)


def _chosen(zones: Sequence[Zone], public: str) -> Zone | None:
    return next((zone for zone in zones if ids.public("zone_id", zone.pk) == public), None)


def currency_of(zones: Sequence[Zone]) -> str:
    """Return what the zones pay in; empty where they differ, so that nothing is added up over currencies."""
    found = {zone.currency for zone in zones}
    return found.pop() if len(found) == 1 else ""


def _time_zone(zone: Zone | None, zones: Sequence[Zone]) -> str:
    return (zone or zones[0]).time_zone if zones else "UTC"


def _health(parts: Sequence[Part]) -> str:
    wrong = sum(part.state is not State.OK for part in parts)
    return "all well" if not wrong else "one thing to look at" if wrong == 1 else f"{wrong} things to look at"


def address_of(part: Part, request: HttpRequest) -> str:
    """Return the list behind a part of the machinery, where the user may see it."""
    label, _, query = part.link.partition("?")
    app, _, model = label.partition(".")
    if not label or not request.user.has_perm(f"{app}.view_{model}"):
        return ""
    address = reverse(f"admin:{app}_{model}_changelist")
    return f"{address}?{query}" if query else address


# --- tiles -------------------------------------------------------------------


def tiles_of(found: Dashboard, currency: str) -> list[Tile]:
    """Return the key figures, each against the span before."""
    total, before, bars, than = found.total, found.before, found.bars, f"than {BEFORE_WORDS[found.span.key]}"
    minutes = _minutes(total.click_s)
    slowest = f"{words(total.assign_slowest_s)} slowest 5 %" if total.assign_slowest_s is not None else ""
    number, unit = _split(words(total.assign_typical_s))
    return [
        Tile(
            name="Kept promises",
            **_number(None if total.kept_percent is None else f"{total.kept_percent:.1f}", "%"),
            **_change(total.kept_percent, before.kept_percent, " points", than, more_is_good=True),
            spark=charts.spark([bar.kept_percent for bar in bars]),
        ),
        Tile(
            name="Click to door",
            **_number(None if minutes is None else f"{minutes:.1f}", "min"),
            **_change(minutes, _minutes(before.click_s), " min", than, more_is_good=False),
            spark=charts.spark([bar.click_s for bar in bars]),
        ),
        Tile(
            name="Time to assign",
            number=number,
            unit=unit,
            change=slowest,
            than="from when it was due" if not slowest else "",
            spark=charts.spark([bar.assign_typical_s for bar in bars]),
        ),
        Tile(
            name="Not delivered",
            number=f"{total.lost:,}",
            unit=f"of {total.placed:,}",
            **_change(total.lost, before.lost if before.placed else None, "", than, more_is_good=False, digits=0),
            spark=charts.spark([float(bar.lost) for bar in bars]) if total.placed else "",
        ),
        Tile(
            name="Pay per order",
            **_pay(total.pay_minor, before.pay_minor, currency, than),
            spark=charts.spark([bar.pay_minor for bar in bars]) if currency else "",
        ),
    ]


def _split(text: str) -> tuple[str, str]:
    number, _, unit = text.partition(" ")
    return number, unit or ("min" if ":" in number else "")


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 60


def _number(number: str | None, unit: str) -> dict[str, Any]:
    return {"number": DASH} if number is None else {"number": number, "unit": unit}


def _pay(minor: float | None, before: float | None, currency: str, than: str) -> dict[str, Any]:
    if not currency:
        return {"number": DASH, "than": "zones pay in different currencies: choose one"}
    digits = money.digits_of(currency)
    now, then = (None if each is None else each / 10**digits for each in (minor, before))
    number = None if now is None else f"{now:,.{digits}f}"
    return {**_number(number, currency), **_change(now, then, "", than, more_is_good=None, digits=digits)}


def _change(
    value: float | None, before: float | None, unit: str, than: str, *, more_is_good: bool | None, digits: int = 1
) -> dict[str, Any]:
    if value is None or before is None:
        return {"than": "nothing to compare with"}
    by = round(value - before, digits)
    if not by:
        return {"change": "as before", "than": ""}
    good = None if more_is_good is None else (by > 0) == more_is_good
    return {"change": f"{by:+,.{digits}f}{unit}", "than": than, "good": good}


# --- charts ------------------------------------------------------------------


def charts_of(found: Dashboard) -> dict[str, SafeString]:
    """Return the charts by name."""
    span, bars = found.span, found.bars
    starts = [start.astimezone(ZoneInfo(span.time_zone)) for start in span.bars]
    labels = [(at / len(starts), moment_word(starts[at], span)) for at in _spread(len(starts))]
    click = [
        charts.Bar(
            parts=[(orders, "b-late" if _late(number, found.total) else "b-ink")],
            title=f"{_from_to(number, len(found.click), CLICK_STEP_MIN)} min: {orders:,} orders",
        )
        for number, orders in enumerate(found.click)
    ]
    return {
        "orders": charts.bars(
            rows=[
                charts.Bar(
                    parts=[(bar.placed - bar.late, "b-ink"), (bar.late, "b-late")],
                    title=f"{moment_word(start, span)}: {bar.placed:,} orders, {bar.late:,} late",
                )
                for start, bar in zip(starts, bars, strict=True)
            ],
            labels=labels,
            says=f"{found.total.placed:,} orders placed, {found.total.late:,} of them late",
        ),
        "assign": charts.lines(
            sets=[
                ("l-soft", [bar.assign_slowest_s for bar in bars]),
                ("l-ink", [bar.assign_typical_s for bar in bars]),
            ],
            labels=[(at / max(1, len(starts) - 1), moment_word(starts[at], span)) for at in _spread(len(starts))][::2],
            unit=" s",
            says=f"Seconds to assign: typically {words(found.total.assign_typical_s)}, "
            f"slowest 5 % {words(found.total.assign_slowest_s)}",
        ),
        "click": charts.bars(
            rows=click,
            labels=[
                (number / len(found.click), str(number * CLICK_STEP_MIN)) for number in range(0, len(found.click), 2)
            ],
            says=f"Minutes from click to door of {found.total.delivered:,} orders, on average "
            f"{words(found.total.click_s)}, promised {words(found.total.promise_s)}",
            mark=None if found.total.promise_s is None else found.total.promise_s / 60 / CLICK_STEP_MIN,
        ),
        "offers": charts.bars(
            rows=[
                charts.Bar(
                    parts=[(orders, "b-late" if number >= 3 else "b-ink")],
                    title=f"{number + 1}{' or more' if number + 1 == len(found.offers) else ''} offers: {orders:,} orders",
                )
                for number, orders in enumerate(found.offers)
            ],
            labels=[
                ((number + 0.5) / len(found.offers), f"{number + 1}{'+' if number + 1 == len(found.offers) else ''}")
                for number in range(len(found.offers))
            ],
            says=", ".join(f"{orders:,} orders took {number + 1} offers" for number, orders in enumerate(found.offers)),
        ),
    }


def typical_pay(hourly_minor: Sequence[float], currency: str) -> str:
    """Return what the typical (median) driver earned per hour online, in words; empty where nobody can say."""
    return money.words(round(median(hourly_minor)), currency) if hourly_minor and currency else ""


def pay_chart(hourly_minor: Sequence[float], currency: str) -> SafeString:
    """Return how many drivers earned how much per hour online, in bands of a round amount."""
    typical = typical_pay(hourly_minor, currency)
    if not typical:
        return SafeString("")
    power = 10 ** len(str(math.ceil(max(hourly_minor) / PAY_BARS)))
    step = next(band for band in (power // 10, power // 5, power // 2, power) if band * PAY_BARS >= max(hourly_minor))
    counts = Counter(min(PAY_BARS - 1, int(each // step)) for each in hourly_minor)
    edges = [money.plain(step * number, currency) for number in range(PAY_BARS + 1)]
    edges = [edge.rstrip("0").rstrip(".") if "." in edge else edge for edge in edges]
    return charts.bars(
        rows=[
            charts.Bar(
                parts=[(counts[number], "b-ink")],
                title=f"{edges[number]} to {edges[number + 1]} {currency} an hour: {counts[number]:,} drivers",
            )
            for number in range(PAY_BARS)
        ],
        labels=[(number / PAY_BARS, edges[number]) for number in range(0, PAY_BARS, 2)],
        says=f"Pay per hour online of {len(hourly_minor):,} drivers, typically {typical}",
        mark=median(hourly_minor) / step,
    )


def _late(bar: int, total: Flow) -> bool:
    return total.promise_s is not None and bar * CLICK_STEP_MIN * 60 >= total.promise_s


def _from_to(bar: int, bars: int, step: int) -> str:
    return f"{bar * step} or more" if bar + 1 == bars else f"{bar * step} to {(bar + 1) * step}"


def _spread(bars: int) -> list[int]:
    step = max(1, -(-bars // LABELS))
    return list(range(0, bars, step))


def moment_word(moment: datetime, span: Span) -> str:
    """Return where a bar begins, as its axis says it."""
    return f"{moment:%a %H:%M}" if span.key == "7d" else f"{moment:%H:%M}"


def causes_of(found: Dashboard) -> list[dict[str, Any]]:
    """Return why orders were late, the commonest first, each with its bar."""
    most = max(found.causes.values(), default=0)
    return [
        {"word": CAUSE_WORDS[cause], "number": number, "bar": charts.share_bar(number / most, hot=number == most)}
        for cause, number in found.causes.items()
    ]


def kitchens_of(found: Dashboard) -> list[dict[str, Any]]:
    """Return the kitchens behind their word, the worst first, each with its bar."""
    most = max((kitchen.behind_s for kitchen in found.kitchens), default=0.0)
    return [
        {
            "word": kitchen.name,
            "number": f"{kitchen.behind_s / 60:.0f}",
            "link": reverse("admin:restaurants_restaurant_change", args=[kitchen.restaurant_id]),
            "bar": charts.share_bar(kitchen.behind_s / most, hot=number == 0),
        }
        for number, kitchen in enumerate(found.kitchens)
    ]


def stuck_number(request: HttpRequest) -> int | None:
    """Return how many orders need a person, for the side bar; nothing where none does."""
    return len(stuck_orders(now=clock.now())) or None


def expiring(request: HttpRequest) -> int | None:
    """Return how many documents are expired or soon will be, for the side bar."""
    limit = clock.now().date() + timedelta(days=30)
    return DriverDocument.objects.filter(expires_on__lte=limit).count() or None


__all__ = ["expiring", "may_see_dashboard", "on_index", "stuck_number"]
