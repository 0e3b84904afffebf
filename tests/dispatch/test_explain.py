"""Why this driver, why not that one, why not yet, in plain words."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.gis.geos import Point

from dispatch import services
from dispatch.models import DecisionRecord, Delivery, DispatchJob, DispatchPolicy, Offer, RoundRecord
from dispatch.selectors import explain, explain_offer, recording_of
from fleetsync.core import ids
from tests.dispatch.test_views import address, client_of
from tests.factories import DispatcherFactory, DriverFactory, UserFactory

NEAR, FAR = Point(-76.609, 39.29, srid=4326), Point(-76.60, 39.29, srid=4326)


def named(name: str, **fields):
    return DriverFactory(user=UserFactory(name=name, role="DRIVER"), **fields)


def planned(kitchen, **parameters):
    """Let the zone decide by `plan`, long before the food is ready."""
    services.engine().warm()
    at_once = {"strategy": "plan", "lead_s": 900, **parameters}
    DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters=at_once)


def told(delivery, now, **about):
    return explain(delivery=Delivery.objects.select_related("order", "zone").get(pk=delivery.pk), now=now, **about)


@pytest.fixture
def asked(kitchen):
    """Return a delivery for which Maya was asked though Jonas and Sofia were online, and the three drivers."""
    maya, sofia, jonas = named("Maya Okafor"), named("Sofia Kaya"), named("Jonas Weiss")
    kitchen.online(maya, at=NEAR)
    kitchen.online(sofia, at=FAR)
    delivery = kitchen.delivery()
    kitchen.round()
    return delivery, maya, sofia, jonas


class TestRecordedRounds:
    def test_hold_all_that_was_decided_by(self, kitchen, asked):
        delivery, maya, sofia, _ = asked
        record = RoundRecord.objects.get()
        assert (record.strategy, record.policy_version, record.jobs, record.drivers, record.offers) == (
            "nearest", 1, 1, 2, 1,
        )  # fmt: skip
        recording = recording_of(record)
        assert {driver.id for driver in recording.snapshot.drivers} == {str(maya.pk), str(sofia.pk)}
        assert recording.plan.proposals[0].jobs == (str(delivery.pk),)
        decision = DecisionRecord.objects.get()
        assert (decision.round_id, decision.policy_version) == (record.pk, 1)

    def test_are_not_written_where_nothing_was_decided(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        kitchen.round()
        RoundRecord.objects.all().delete()
        kitchen.round(kitchen.now + timedelta(seconds=1))  # the offer is out
        assert not RoundRecord.objects.exists()

    def test_are_forgotten_after_their_time(self, kitchen, asked):
        later = kitchen.now + timedelta(days=7)
        assert services.forget_rounds(before=later - timedelta(days=7)) == 0
        assert services.forget_rounds(before=later) == 1
        assert DecisionRecord.objects.exists()


class TestExplain:
    def test_says_why_this_driver(self, kitchen, asked):
        delivery, maya, *_ = asked
        offer = Offer.objects.get()
        services.accept_offer(offer_id=offer.pk, driver=maya, now=kitchen.now + timedelta(seconds=8), actor="usr_test")
        found = told(delivery, kitchen.now)
        assert found.sentence == "Maya was asked because the food would be in hand the moment it is ready."
        assert found.lead.startswith("2 drivers were looked at.")
        rows = found.comparison.rows
        assert [(row.name, row.asked) for row in rows] == [("Maya Okafor", True), ("Sofia Kaya", False)]
        assert rows[0].free_at <= rows[0].arrive_at <= rows[0].pickup_at <= rows[0].leave_at <= rows[0].door_at
        assert rows[0].later_s == 0
        assert [step.words for step in found.steps][-2:] == ["On the phone of Maya", "Maya said yes"]

    def test_says_why_not_that_one(self, kitchen, asked):
        delivery, maya, sofia, jonas = asked
        about = told(delivery, kitchen.now, driver_id=maya.pk).about
        assert about.words == "Maya was asked and has not answered yet."
        words = told(delivery, kitchen.now, driver_id=sofia.pk).about.words
        assert words.startswith("Sofia would have been as quick")
        words = told(delivery, kitchen.now, driver_id=jonas.pk).about.words
        assert words == "Jonas was not online in this zone, paused, or without a fresh position."

    def test_says_why_not_yet(self, kitchen):
        delivery = kitchen.delivery()
        due = kitchen.now + timedelta(minutes=5)
        DispatchJob.objects.update(due_at=due)
        assert told(delivery, kitchen.now).sentence.startswith("Nobody is asked yet: the food is expected at ")
        services.hold_delivery(delivery_id=delivery.pk, held=True, now=kitchen.now, actor="usr_test")
        assert told(delivery, kitchen.now).sentence == "Nobody is asked: dispatch staff hold it back."

    def test_says_that_the_driver_planned_for_it_is_busy(self, kitchen):
        busy, _ = kitchen.carried()
        planned(kitchen, lead_s=0)
        ready = kitchen.now + timedelta(minutes=40)
        Delivery.objects.filter(pk=busy.pk).update(ready_at=ready)
        delivery = kitchen.delivery()
        Delivery.objects.filter(pk=delivery.pk).update(ready_at=kitchen.now)
        kitchen.round(kitchen.now + timedelta(seconds=1))
        due, zone = DispatchJob.objects.get(delivery=delivery).due_at, ZoneInfo(kitchen.zone.time_zone)
        assert due > ready
        told_at, free_at = (f"{at.astimezone(zone):%H:%M}" for at in (kitchen.now, due))
        because = f"the food is expected at {told_at}, but the driver planned for it is not free before {free_at}."
        assert told(delivery, kitchen.now).sentence == f"Nobody is asked yet: {because}"

    def test_says_that_nobody_can(self, kitchen):
        delivery = kitchen.delivery()
        kitchen.round()
        found = told(delivery, kitchen.now)
        assert found.sentence.startswith("Nobody can take it at the moment; the next look is at ")
        assert found.comparison.rows == []

    def test_names_everybody_who_is_asked_at_once(self, kitchen):
        planned(kitchen)
        delivery = kitchen.delivery()
        Delivery.objects.filter(pk=delivery.pk).update(ready_at=kitchen.now)
        DispatchJob.objects.update(refusals=2)
        for name in ("Maya Okafor", "Sofia Kaya"):
            kitchen.online(named(name), at=NEAR)
        kitchen.round()
        found = told(delivery, kitchen.now)
        assert found.sentence.startswith("Maya and Sofia are being asked now, until ")
        assert found.sentence.endswith("; the first yes wins.")
        assert found.lead == "2 drivers were looked at. Maya and Sofia were asked at once; the first yes wins."
        assert [decision.left_out for decision in found.decisions] == [[], []]
        beside = next(trip.driver for trip in recording_of(RoundRecord.objects.get()).plan.proposals if trip.parallel)
        offers = Offer.objects.select_related("delivery", "driver__user")
        first, second = offers.exclude(driver=beside).get(), offers.get(driver=beside)
        services.accept_offer(offer_id=second.pk, driver=second.driver, now=kitchen.now, actor="usr_test")
        names = [each.driver.user.get_full_name().partition(" ")[0] for each in (first, second)]
        sentence = f"{names[1]} was asked beside {names[0]} after 2 refusals; the first yes wins."
        assert told(delivery, kitchen.now).sentence == sentence
        assert explain_offer(offer=second).sentence == "You were asked beside 1 other driver; the first yes wins."

    @pytest.fixture
    def second_choice(self, kitchen):
        """Return a delivery that Zoe, who was nearer, turned down and Maya takes."""
        planned(kitchen)
        zoe, maya = named("Zoe Lind"), named("Maya Okafor")
        kitchen.online(zoe, at=NEAR)
        delivery = kitchen.delivery()
        Delivery.objects.filter(pk=delivery.pk).update(ready_at=kitchen.now)
        kitchen.round()
        no = {"reason": "no", "now": kitchen.now, "actor": "usr_test"}
        services.decline_offer(offer_id=Offer.objects.get().pk, driver=zoe, **no)
        kitchen.online(maya, at=FAR)
        return delivery, maya

    def test_compares_with_those_alone_who_could_take_it(self, kitchen, second_choice):
        delivery, maya = second_choice
        later = kitchen.now + timedelta(seconds=1)
        kitchen.round(later)
        offer = Offer.objects.select_related("delivery").get(driver=maya)
        lead = "2 drivers were looked at. Nobody else could take it. "
        nearest = "The nearest one, Zoe, was 90 m away but turned this order down."
        assert told(delivery, later).lead == lead + nearest
        assert explain_offer(offer=offer).sentence == "You were asked because nobody else could take it."
        services.accept_offer(offer_id=offer.pk, driver=maya, now=later, actor="usr_test")
        found = told(delivery, later)
        assert found.sentence == "Maya was asked because nobody else could take it."
        assert found.lead == f"2 drivers were looked at. {nearest}"

    def test_says_of_who_was_hindered_not_that_he_would_have_been_later(self, kitchen, second_choice):
        delivery, maya = second_choice
        kitchen.online(named("Sofia Kaya"), at=Point(-76.58, 39.29, srid=4326))
        later = kitchen.now + timedelta(seconds=1)
        kitchen.round(later)
        offer = Offer.objects.select_related("delivery").get(driver=maya)
        because = "nobody else who could take it would be at the door earlier."
        assert explain_offer(offer=offer).sentence == f"You were asked because {because}"
        services.accept_offer(offer_id=offer.pk, driver=maya, now=later, actor="usr_test")
        assert told(delivery, later).sentence == f"Maya was asked because {because}"
        assert "The next best would have brought the meal " in told(delivery, later).lead

    def test_says_that_a_driver_was_passed_over_before(self, kitchen):
        planned(kitchen, max_misses=2, miss_pull_s=600)
        passed, other = named("Maya Okafor"), named("Sofia Kaya")
        kitchen.online(other, at=NEAR)
        session = kitchen.online(passed, at=FAR)
        earlier = kitchen.now - timedelta(hours=1)
        type(session).objects.update(started_at=earlier, idle_since=earlier)
        for minutes in (20, 10):
            before = kitchen.delivery()
            services.hold_delivery(delivery_id=before.pk, held=True, now=kitchen.now, actor="usr_test")
            DecisionRecord.objects.create(
                delivery=before, zone=kitchen.zone, fence=0, at=kitchen.now - timedelta(minutes=minutes),
                strategy="plan", solve_ms=1.0, driver=other,
                exclusions=[{"driver_id": ids.public("driver_id", passed.pk), "reason": "later", "value": 9.0}],
            )  # fmt: skip
        delivery = kitchen.delivery()
        Delivery.objects.filter(pk=delivery.pk).update(ready_at=kitchen.now)
        kitchen.round()
        offer = Offer.objects.get(driver=passed)
        services.accept_offer(offer_id=offer.pk, driver=passed, now=kitchen.now, actor="usr_test")
        words = "asked first after 2 orders in a row that went to others."
        found = told(delivery, kitchen.now)
        assert found.sentence == f"Maya was {words}"
        assert found.comparison.rows[0].parts["fairness"] == -600.0
        assert explain_offer(offer=Offer.objects.select_related("delivery").get()).sentence == f"You were {words}"

    def test_says_that_a_person_gave_it(self, kitchen, asked):
        delivery, _, sofia, _ = asked
        services.assign(delivery_id=delivery.pk, driver_id=sofia.pk, now=kitchen.now, actor="usr_test")
        assert told(delivery, kitchen.now).sentence == "Dispatch staff gave it to Sofia by hand."

    def test_keeps_its_words_when_the_round_is_forgotten(self, kitchen, asked):
        delivery, *_ = asked
        RoundRecord.objects.all().delete()
        found = told(delivery, kitchen.now)
        assert found.comparison is None
        assert "forgotten" in found.missing
        assert found.decisions[0].words.startswith("Maya was the nearest who could take it")


class TestExplainOffer:
    def test_tells_a_driver_about_himself_alone(self, kitchen, asked):
        _, maya, sofia, _ = asked
        offer = Offer.objects.get()
        answer = client_of(maya.user).get(address(offer, "explain"))
        assert answer.status_code == 200
        assert (
            answer.data["sentence"] == "You were asked because you could have the food in hand the moment it is ready."
        )
        assert answer.data["looked_at"] == 2
        assert answer.data["yours"]["distance_m"] == pytest.approx(86, abs=1)
        text = answer.content.decode()
        assert "Sofia" not in text
        assert ids.public("driver_id", sofia.pk) not in text
        assert client_of(sofia.user).get(address(offer, "explain")).status_code == 404

    def test_tells_no_figure_that_is_made_of_others(self, kitchen):
        planned(kitchen, position_weight=1, fairness_weight=1, acceptance_weight=1)
        delivery = kitchen.delivery()
        Delivery.objects.filter(pk=delivery.pk).update(ready_at=kitchen.now - timedelta(minutes=10))
        maya = kitchen.online(named("Maya Okafor"), at=NEAR)
        sofia = kitchen.online(named("Sofia Kaya"), at=FAR)
        type(sofia).objects.filter(pk=sofia.pk).update(idle_since=kitchen.now - timedelta(minutes=1))
        kitchen.round()
        offer = Offer.objects.select_related("delivery").get(driver=maya.driver)
        told_ops = told(delivery, kitchen.now).comparison.rows[0].parts
        assert told_ops["position"] > 0
        assert told_ops["fairness"] > 0
        own = client_of(maya.driver.user).get(address(offer, "explain")).data["yours"]["parts"]
        assert own == {name: told_ops[name] for name in ("to_door", "late", "pay")}

    def test_is_honest_where_nothing_is_kept(self, asked):
        offer = Offer.objects.select_related("delivery").get()
        DecisionRecord.objects.all().delete()
        found = explain_offer(offer=offer)
        assert (found.row, found.missing) == (None, "nothing is kept about this offer")


class TestApi:
    def test_shows_dispatch_staff_the_whole_comparison(self, kitchen, asked):
        delivery, maya, sofia, _ = asked
        ops = client_of(DispatcherFactory())
        data = ops.get(address(delivery, "explain"), {"driver": ids.public("driver_id", sofia.pk)}).data
        assert data["sentence"].startswith("Maya is being asked now, until ")
        assert data["about"]["name"] == "Sofia Kaya"
        assert data["comparison"]["round"]["policy_version"] == 1
        assert [row["name"] for row in data["comparison"]["rows"]] == ["Maya Okafor", "Sofia Kaya"]
        assert data["results"][0]["driver_id"] == ids.public("driver_id", maya.pk)

    def test_refuses_a_driver_who_is_none(self, kitchen, asked):
        answer = client_of(DispatcherFactory()).get(address(asked[0], "explain"), {"driver": "ord_1"})
        assert answer.status_code == 400
