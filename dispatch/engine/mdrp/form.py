"""The plain form in which the simulator asks a dispatcher, and he answers.

Whole minutes and metres, as the instances are. Any function of this form can be simulated,
and `assign` of this package, which has this form, can be called by any other simulator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NotRequired, TypeAlias, TypedDict


class Parameters(TypedDict):
    """The day's rules."""

    pickup_service: int
    dropoff_service: int
    target: int
    maximum: int
    pay_order: float
    pay_hour: float
    metres_per_minute: float


class OrderForm(TypedDict):
    """An order placed and not picked up."""

    id: Any
    restaurant: str
    x: float
    y: float
    placed: int
    ready: int
    holder: str | None
    ready_std: NotRequired[float]
    """Standard deviation of `ready` in minutes; absent: known exactly."""


class CourierForm(TypedDict):
    """A courier on duty, or of the roster ahead."""

    id: str
    state: str
    """idle, inbound, busy or upcoming."""
    x: float
    y: float
    free_at: int
    on_at: int
    off_at: int
    restaurant: str | None
    orders: list[Any]
    taken: int
    refused: NotRequired[list[Any]]
    """Orders he has turned down."""


class SnapshotForm(TypedDict):
    """All that is known now."""

    now: int
    period: int
    updates: bool
    params: Parameters
    travel: Callable[[Any, Any, Any, Any], Any]
    restaurants: dict[str, tuple[float, float]]
    orders: list[OrderForm]
    couriers: list[CourierForm]
    memo: Any
    parallel: NotRequired[bool]
    """Whether two couriers may be asked for the same new trip; absent: no."""


class AssignmentForm(TypedDict):
    """One trip: orders of one restaurant, or of two if that is played, in drop order."""

    courier: str
    restaurant: str
    """Where it begins: the restaurant of its first order."""
    orders: list[Any]
    parallel: NotRequired[bool]
    """A second courier asked for the orders of an assignment before this one."""


class AnswerForm(TypedDict):
    """What to do now; `memo` is handed back next time."""

    assignments: list[AssignmentForm]
    memo: Any


Assign: TypeAlias = Callable[[SnapshotForm], AnswerForm]
