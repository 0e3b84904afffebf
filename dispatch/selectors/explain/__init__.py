"""Why this driver, why not that one, why not yet: what rounds decided, in plain words."""

from dispatch.selectors.explain.answers import (
    AboutDriver,
    Explanation,
    OfferExplanation,
    Step,
    explain,
    explain_offer,
)
from dispatch.selectors.explain.comparison import Comparison, Group, Row
from dispatch.selectors.explain.decisions import Explained, LeftOut, decisions_about

__all__ = [
    "AboutDriver",
    "Comparison",
    "Explained",
    "Explanation",
    "Group",
    "LeftOut",
    "OfferExplanation",
    "Row",
    "Step",
    "decisions_about",
    "explain",
    "explain_offer",
]
