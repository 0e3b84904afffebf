"""Deliveries, drivers at work, and how they were matched, in the back office."""

from dispatch.admin.deliveries import DecisionRecordAdmin, DeliveryAdmin, DispatchJobAdmin, OfferAdmin, RoundAdmin
from dispatch.admin.drivers import DriverMessageAdmin, DriverPositionAdmin, DriverSessionAdmin, ShiftAdmin
from dispatch.admin.policies import DispatchPolicyAdmin, RoundRecordAdmin

__all__ = [
    "DecisionRecordAdmin",
    "DeliveryAdmin",
    "DispatchJobAdmin",
    "DispatchPolicyAdmin",
    "DriverMessageAdmin",
    "DriverPositionAdmin",
    "DriverSessionAdmin",
    "OfferAdmin",
    "RoundAdmin",
    "RoundRecordAdmin",
    "ShiftAdmin",
]
