"""One function per verb; the only place that writes sessions, positions, deliveries and offers."""

from dispatch.services.answers import accept_offer, ack_offer, decline_offer, note_seen
from dispatch.services.etas import update_eta
from dispatch.services.holding import assign, give_back, unassign
from dispatch.services.lapsing import drop_unseen_offers, expire_offers
from dispatch.services.learning import LEARN, ask_to_learn, learn_preparation
from dispatch.services.messages import forget_messages, read_message, send_message
from dispatch.services.moving import move_drivers
from dispatch.services.policies import (
    activate_policy,
    change_policy,
    draft_policy,
    note_simulation,
    roll_back_policy,
)
from dispatch.services.recording import forget_decisions, forget_rounds
from dispatch.services.rounds import engine, run_round, run_rounds, tick_zone
from dispatch.services.searching import (
    cancel_delivery,
    give_up_search,
    hold_delivery,
    note_delay,
    note_ready,
    open_delivery,
    prioritize_delivery,
    reopen_delivery,
)
from dispatch.services.sessions import (
    end_session,
    follow_capacity,
    live_session,
    pause_session,
    resume_session,
    start_session,
    suspend_driver,
)
from dispatch.services.shifts import drop_shift, plan_shift
from dispatch.services.steps import arrive, drop_off, fail_dropoff, pick_up, return_delivery, waive_pin
from dispatch.services.tipping import note_tip
from dispatch.services.waking import wake_zone

__all__ = [
    "LEARN",
    "accept_offer",
    "ack_offer",
    "activate_policy",
    "arrive",
    "ask_to_learn",
    "assign",
    "cancel_delivery",
    "change_policy",
    "decline_offer",
    "draft_policy",
    "drop_off",
    "drop_shift",
    "drop_unseen_offers",
    "end_session",
    "engine",
    "expire_offers",
    "fail_dropoff",
    "follow_capacity",
    "forget_decisions",
    "forget_messages",
    "forget_rounds",
    "give_back",
    "give_up_search",
    "hold_delivery",
    "learn_preparation",
    "live_session",
    "move_drivers",
    "note_delay",
    "note_ready",
    "note_seen",
    "note_simulation",
    "note_tip",
    "open_delivery",
    "pause_session",
    "pick_up",
    "plan_shift",
    "prioritize_delivery",
    "read_message",
    "reopen_delivery",
    "resume_session",
    "return_delivery",
    "roll_back_policy",
    "run_round",
    "run_rounds",
    "send_message",
    "start_session",
    "suspend_driver",
    "tick_zone",
    "unassign",
    "update_eta",
    "waive_pin",
    "wake_zone",
]
