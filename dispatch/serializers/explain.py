"""Shapes of explanations."""

from rest_framework import serializers

from fleetsync.core.api import CoordinatesField, PublicIdField, StrictSerializer


class LeftOutOutput(StrictSerializer):
    """A near driver who was not asked."""

    driver_id = PublicIdField("driver_id")
    name = serializers.CharField()
    reason = serializers.CharField(help_text="A word: declined, busy, too-far, later, …")
    value = serializers.FloatField(help_text="Metres for too-far, seconds for later, else 0.")
    words = serializers.CharField(help_text="The same as the end of a sentence.")


class ExplainedOutput(StrictSerializer):
    """One decision about a delivery."""

    at = serializers.DateTimeField(source="record.at")
    driver_id = PublicIdField("driver_id", source="record.driver_id", allow_null=True, help_text="Who was asked.")
    name = serializers.CharField()
    words = serializers.CharField(help_text="Why, in a sentence.")
    score = serializers.DictField(
        child=serializers.FloatField(), source="record.score", help_text="Parts of the cost: seconds, or metres."
    )
    left_out = LeftOutOutput(many=True)
    strategy = serializers.CharField(source="record.strategy")
    fallback = serializers.CharField(source="record.fallback", help_text="Why a simpler one decided; empty: none did.")
    solve_ms = serializers.FloatField(source="record.solve_ms")
    policy_version = serializers.IntegerField(
        source="record.policy_version", help_text="Of the zone; 0: the engine's defaults."
    )


class CandidateOutput(StrictSerializer):
    """One driver who could have done it, minute by minute."""

    driver_id = PublicIdField("driver_id")
    name = serializers.CharField()
    vehicle = serializers.CharField()
    distance_m = serializers.FloatField(help_text="To the pickup, straight.")
    position = CoordinatesField(help_text="Where he was seen then.")
    asked = serializers.BooleanField()
    words = serializers.CharField()
    free_at = serializers.DateTimeField(help_text="Another order until then.")
    arrive_at = serializers.DateTimeField(help_text="At the counter.")
    pickup_at = serializers.DateTimeField(help_text="Food in hand.")
    leave_at = serializers.DateTimeField()
    door_at = serializers.DateTimeField(help_text="Handed over.")
    later_s = serializers.FloatField(help_text="At the door, against the one who was asked.")
    parts = serializers.DictField(child=serializers.FloatField(), help_text="Parts of the cost, seconds.")
    cost_s = serializers.FloatField(help_text="Their sum; smaller is better.")


class LeftOutGroupOutput(StrictSerializer):
    """Drivers left out for one reason."""

    reason = serializers.CharField()
    words = serializers.CharField()
    number = serializers.IntegerField()
    names = serializers.ListField(child=serializers.CharField(), help_text="Some of them.")


class RecordedRoundOutput(StrictSerializer):
    """The round as it was recorded."""

    id = PublicIdField("round_id", source="pk")
    strategy = serializers.CharField()
    fallback = serializers.CharField()
    policy_version = serializers.IntegerField(help_text="Of the zone; 0: the engine's defaults.")
    engine = serializers.CharField(help_text="Fingerprint of the engine's source.")
    travel = serializers.CharField(help_text="Where travel times came from.")
    solve_ms = serializers.FloatField()
    jobs = serializers.IntegerField()
    drivers = serializers.IntegerField()
    offers = serializers.IntegerField()


class ComparisonOutput(StrictSerializer):
    """The drivers of the recorded round, seen from this delivery."""

    at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(help_text="The food, as it was expected then.")
    promised_at = serializers.DateTimeField(allow_null=True)
    pickup = CoordinatesField()
    dropoff = CoordinatesField()
    looked_at = serializers.IntegerField(help_text="Drivers the round saw.")
    together = serializers.IntegerField(help_text="Deliveries of the trip that was offered.")
    moves = serializers.IntegerField(help_text="Moves of the search that were kept.")
    rows = CandidateOutput(many=True, help_text="First who was asked, then by the moment at the door.")
    left_out = LeftOutGroupOutput(many=True)
    round = RecordedRoundOutput(source="record")


class StepOutput(StrictSerializer):
    """Something that happened on the way."""

    at = serializers.DateTimeField()
    words = serializers.CharField()
    small = serializers.CharField()


class AboutDriverOutput(StrictSerializer):
    """Why one driver was asked, or was not."""

    driver_id = PublicIdField("driver_id")
    name = serializers.CharField()
    words = serializers.CharField()


class ExplainQuery(StrictSerializer):
    """About whom in particular."""

    driver = PublicIdField("driver_id", required=False, help_text="Also say why not this one.")


class ExplanationOutput(StrictSerializer):
    """The answer as it stands, and the last decisions, newest first."""

    sentence = serializers.CharField(help_text="Why this driver, or why nobody yet.")
    lead = serializers.CharField(help_text="What goes with it.")
    about = AboutDriverOutput(allow_null=True)
    comparison = ComparisonOutput(allow_null=True)
    missing = serializers.CharField(help_text="Why there is no comparison; empty where there is one.")
    steps = StepOutput(many=True)
    results = ExplainedOutput(many=True, source="decisions")


class OwnRowOutput(StrictSerializer):
    """The driver's own minutes, as the round saw them."""

    distance_m = serializers.FloatField(help_text="To the pickup, straight.")
    free_at = serializers.DateTimeField(help_text="Another order until then.")
    arrive_at = serializers.DateTimeField(help_text="At the counter.")
    pickup_at = serializers.DateTimeField(help_text="Food in hand.")
    leave_at = serializers.DateTimeField()
    door_at = serializers.DateTimeField(help_text="Handed over.")
    parts = serializers.DictField(
        child=serializers.FloatField(), help_text="Parts of the cost that are your own, seconds: to_door, late, pay."
    )


class OfferExplanationOutput(StrictSerializer):
    """Why you were asked; nothing about anybody else but how many there were."""

    offer_id = PublicIdField("offer_id", source="offer.pk")
    sentence = serializers.CharField()
    looked_at = serializers.IntegerField(allow_null=True, help_text="Drivers the round saw.")
    ready_at = serializers.DateTimeField(help_text="The food, as it was expected then.")
    yours = OwnRowOutput(source="row", allow_null=True)
    policy_version = serializers.IntegerField(allow_null=True, help_text="Of the zone; 0: the engine's defaults.")
    strategy = serializers.CharField()
    missing = serializers.CharField(help_text="Why your minutes are not told; empty where they are.")
