"""Reads of the dispatch app; they change nothing."""

from dispatch.selectors.earnings import Earnings, Trip, earnings
from dispatch.selectors.explain import Explained, Explanation, LeftOut, OfferExplanation, explain, explain_offer
from dispatch.selectors.kitchens import cooked_by
from dispatch.selectors.nearest import NearDriver, nearest_drivers
from dispatch.selectors.policies import InForce, policies_of, policy_in_force, read_policy
from dispatch.selectors.reading import (
    MapDriver,
    ZoneMap,
    deliveries_for,
    delivery_of_order,
    nearby,
    offers_for,
    shown,
    zone_map,
)
from dispatch.selectors.recorded import recorded_rounds, recording_of
from dispatch.selectors.route import carried_by, carried_of, route_of, route_through
from dispatch.selectors.snapshot import Look, look_at_zone

__all__ = [
    "Earnings",
    "Explained",
    "Explanation",
    "InForce",
    "LeftOut",
    "Look",
    "MapDriver",
    "NearDriver",
    "OfferExplanation",
    "Trip",
    "ZoneMap",
    "carried_by",
    "carried_of",
    "cooked_by",
    "deliveries_for",
    "delivery_of_order",
    "earnings",
    "explain",
    "explain_offer",
    "look_at_zone",
    "nearby",
    "nearest_drivers",
    "offers_for",
    "policies_of",
    "policy_in_force",
    "read_policy",
    "recorded_rounds",
    "recording_of",
    "route_of",
    "route_through",
    "shown",
    "zone_map",
]
