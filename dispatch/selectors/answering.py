"""How drivers answered lately: what the engine believes of their next answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from dispatch.engine import acceptance
from dispatch.engine.acceptance import Answers, Slopes

REMEMBERED: Final = 20  # a driver's last offers; older ones were in another season, or another mood
ANSWERS: Final = 10.0  # the policy's time of an answer counts as so many

# An offer that was taken back, or never reached the phone, is no answer. One that was taken
# and given back later was taken.
_ANSWERS: Final = """
    SELECT driver.id, count(*), count(*) FILTER (WHERE taken), sum(x), sum(y), sum(x * x), sum(x * y), sum(y * y),
           coalesce(sum(x) FILTER (WHERE taken), 0), coalesce(sum(y) FILTER (WHERE taken), 0),
           coalesce(sum(answer_s) FILTER (WHERE NOT taken), 0)
    FROM unnest(%(drivers)s::uuid[]) AS driver (id)
    CROSS JOIN LATERAL (
        SELECT last.taken, last.answer_s, last.km AS y,
               ln(greatest(last.pay_minor, 1)::float8 / greatest(
                   last.km + ST_DistanceSphere(d.pickup_point, d.dropoff_point) / 1000, %(short_km)s)) AS x
        FROM (SELECT f.delivery_id, f.pay_minor, f.status IN ('ACCEPTED', 'RETURNED') AS taken,
                     f.distance_m / 1000.0::float8 AS km,
                     extract(epoch FROM f.answered_at - f.offered_at)::float8 AS answer_s
              FROM dispatch_offer f
              WHERE f.driver_id = driver.id AND f.status IN ('ACCEPTED', 'RETURNED', 'DECLINED', 'EXPIRED')
              ORDER BY f.id DESC LIMIT %(most)s) AS last
        JOIN dispatch_delivery d ON d.id = last.delivery_id
    ) AS answered
    GROUP BY driver.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How the drivers of a zone answer."""

    drivers: Mapping[UUID, Answers] = field(default_factory=dict)
    """Those who were ever asked."""
    common: float = 1.0
    """Share of offers that all of them take."""
    slopes: Slopes = field(default_factory=Slopes)
    answer_s: float | None = None
    """Seconds until a refusal is known; None: nobody was asked how."""

    def of(self, driver_id: UUID) -> Mapping[str, Any]:
        """Return the fields of `engine.Driver` that say how he answers."""
        answers = self.drivers.get(driver_id, Answers())
        known: dict[str, Any] = {"accept_p": acceptance.rate(answers, self.common)}
        if answers.offers:
            known |= {"usual_pay": answers.x / answers.offers, "usual_km": answers.y / answers.offers}
        return known


def answering(cursor: Any, driver_ids: Sequence[UUID], assumed_s: float) -> Answering:
    """Return how these drivers answered their last offers; one query, whatever their number.

    `assumed_s` is how long an answer takes as long as little is known.
    """
    cursor.execute(_ANSWERS, {"drivers": list(driver_ids), "most": REMEMBERED, "short_km": acceptance.SHORT_KM})
    names = ("offers", "taken", "x", "y", "xx", "xy", "yy", "taken_x", "taken_y")
    rows = cursor.fetchall()
    known = {row[0]: Answers(**dict(zip(names, row[1:10], strict=True))) for row in rows}
    common = acceptance.common_rate(known.values())
    refusals = sum(a.offers - a.taken for a in known.values())
    return Answering(
        drivers=known,
        common=common,
        slopes=acceptance.slopes(known.values(), common),
        answer_s=(sum(row[10] for row in rows) + ANSWERS * assumed_s) / (refusals + ANSWERS),
    )
