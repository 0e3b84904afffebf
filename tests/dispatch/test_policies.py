"""Versions of how a zone decides."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from dispatch import errors, services
from dispatch.engine import Policy
from dispatch.models import DispatchPolicy, Round
from dispatch.selectors import policy_in_force
from fleetsync.core import clock, ids
from fleetsync.core.models import Event
from tests.dispatch.test_views import client_of
from tests.factories import DispatcherFactory, DispatchPolicyFactory, DriverFactory, ZoneFactory

ACTOR = "usr_test"
RESULT = {"difference": {"click_to_door": -0.5}}


def draft(zone, **parameters):
    return services.draft_policy(zone_id=zone.pk, parameters=parameters, now=clock.now(), actor=ACTOR)


def activate(row, **more):
    return services.activate_policy(policy_id=row.pk, now=clock.now(), actor=ACTOR, **more)


def active(zone) -> list[int]:
    return list(DispatchPolicy.objects.filter(zone=zone, status="ACTIVE").values_list("version", flat=True))


@pytest.mark.django_db
class TestDraft:
    def test_is_numbered_within_its_zone_and_decides_nothing(self):
        zone = ZoneFactory()
        first, second = draft(zone, max_batch=2), draft(zone, max_batch=2, lead_s=30)
        other = draft(ZoneFactory())
        assert [row.version for row in (first, second, other)] == [1, 2, 1]
        assert second.parameters == {"max_batch": 2, "lead_s": 30}
        assert policy_in_force(zone_id=zone.pk).version == 0

    def test_keeps_what_differs_from_the_defaults_alone(self):
        assert draft(ZoneFactory(), max_batch=Policy().max_batch, passes=4).parameters == {"passes": 4}

    @pytest.mark.parametrize(
        ("parameters", "sentence"),
        [
            ({"max_batch": 99}, "max_batch: expected 1 to 8, got 99"),
            ({"speed": 1}, "speed: no such parameter"),
            ({"strategy": "magic"}, "strategy: expected one of plan, batch, nearest, got 'magic'"),
        ],
    )
    def test_is_refused_where_a_parameter_cannot_be(self, parameters, sentence):
        zone = ZoneFactory()
        with pytest.raises(errors.PolicyInvalid) as refusal:
            draft(zone, **parameters)
        assert refusal.value.detail == sentence
        assert not DispatchPolicy.objects.exists()


@pytest.mark.django_db
class TestActivate:
    def test_lets_the_next_round_decide_by_it_and_retires_the_other(self, kitchen):
        row = draft(kitchen.zone, strategy="nearest", nearest_k=3)
        services.note_simulation(policy_id=row.pk, result=RESULT, now=kitchen.now, actor=ACTOR)
        activate(row)
        in_force = policy_in_force(zone_id=kitchen.zone.pk)
        assert (in_force.version, in_force.policy) == (2, Policy(strategy="nearest", nearest_k=3))
        assert DispatchPolicy.objects.get(version=1).status == "RETIRED"
        fact = Event.objects.get(type="policy.activated")
        assert (fact.actor, fact.payload["version"], fact.payload["replaced_version"]) == (ACTOR, 2, 1)
        kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        assert delivery.decisions.get().policy_version == 2
        assert Round.objects.get().strategy == "nearest"

    def test_refuses_a_draft_that_no_rehearsal_has_tried(self):
        zone = ZoneFactory()
        row = draft(zone)
        with pytest.raises(errors.PolicyUnrehearsed):
            activate(row)
        assert active(zone) == []
        activate(row, unrehearsed=True)
        assert active(zone) == [1]

    def test_refuses_when_another_was_activated_meanwhile(self):
        zone = ZoneFactory()
        first, second, third = draft(zone), draft(zone), draft(zone)
        activate(first, unrehearsed=True)
        activate(second, unrehearsed=True, replaces=1)
        with pytest.raises(errors.PolicyConflict, match=r"Version 2 is active now, not 1\."):
            activate(third, unrehearsed=True, replaces=1)
        with pytest.raises(errors.PolicyConflict):
            activate(second, unrehearsed=True)
        assert active(zone) == [2]
        assert Event.objects.count() == 2

    def test_says_that_there_is_none(self):
        with pytest.raises(errors.PolicyNotFound):
            services.activate_policy(policy_id=ids.uuid7(), now=clock.now(), actor=ACTOR)

    def test_the_database_itself_keeps_a_second_active_one_out(self):
        zone = ZoneFactory(policy={})
        with pytest.raises(IntegrityError), transaction.atomic():
            DispatchPolicyFactory(zone=zone, status="ACTIVE")

    def test_is_undone_by_rolling_back(self):
        zone = ZoneFactory()
        for row in (draft(zone, max_batch=2), draft(zone, max_batch=3)):
            activate(row, unrehearsed=True)
        back = services.roll_back_policy(zone_id=zone.pk, now=clock.now(), actor=ACTOR)
        assert (back.version, active(zone)) == (1, [1])
        again = services.roll_back_policy(zone_id=zone.pk, now=clock.now(), actor=ACTOR)
        assert (again.version, active(zone)) == (2, [2])

    def test_has_nothing_to_roll_back_to_at_first(self):
        zone = ZoneFactory(policy={})
        with pytest.raises(errors.PolicyNotFound):
            services.roll_back_policy(zone_id=zone.pk, now=clock.now(), actor=ACTOR)
        assert active(zone) == [1]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_activate_at_once_one_holds_and_the_other_is_told():
    zone = ZoneFactory()
    rows = [draft(zone, max_batch=2), draft(zone, max_batch=3)]
    gate, said = threading.Barrier(2), []

    def race(row):
        try:
            gate.wait()
            activate(row, unrehearsed=True, replaces=0)
            said.append("done")
        except errors.PolicyConflict:
            said.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["conflict", "done"]
    assert len(active(zone)) == 1


@pytest.mark.django_db
class TestChange:
    def test_makes_a_version_only_where_something_differs(self):
        zone = ZoneFactory(policy={"strategy": "batch"})
        same = services.change_policy(
            zone_id=zone.pk, parameters={"strategy": "batch"}, note="", now=clock.now(), actor=ACTOR
        )
        assert same is None
        made = services.change_policy(
            zone_id=zone.pk, parameters={"max_batch": 2}, note="why", now=clock.now(), actor=ACTOR
        )
        assert (made.version, made.parameters, active(zone)) == (2, {"strategy": "batch", "max_batch": 2}, [2])


@pytest.mark.django_db
class TestApi:
    def test_drafts_activates_and_rolls_back(self):
        zone = ZoneFactory(policy={"max_batch": 2})
        ops = client_of(DispatcherFactory())
        address = f"/api/v1/zones/{ids.public('zone_id', zone.pk)}/policies"
        made = ops.post(address, {"parameters": {"max_batch": 3}, "note": "more"}, format="json")
        assert (made.status_code, made.data["version"], made.data["status"]) == (201, 2, "DRAFT")
        step = f"/api/v1/policies/{made.data['id']}/activate"
        refused = ops.post(step, {}, format="json")
        assert (refused.status_code, refused.data["code"]) == (409, "policy-unrehearsed")
        assert ops.post(step, {"unrehearsed": True, "replaces": 1}, format="json").data["status"] == "ACTIVE"
        assert ops.post(f"{address}/roll-back", {}, format="json").data["version"] == 1
        assert [(row["version"], row["status"]) for row in ops.get(address).data] == [(2, "RETIRED"), (1, "ACTIVE")]

    def test_names_the_parameter_that_is_wrong(self):
        zone = ZoneFactory()
        answer = client_of(DispatcherFactory()).post(
            f"/api/v1/zones/{ids.public('zone_id', zone.pk)}/policies", {"parameters": {"speed": 1}}, format="json"
        )
        assert (answer.status_code, answer.data["code"]) == (400, "policy-invalid")
        assert not DispatchPolicy.objects.exists()

    def test_is_for_dispatch_staff_alone(self):
        zone = ZoneFactory()
        address = f"/api/v1/zones/{ids.public('zone_id', zone.pk)}/policies"
        assert client_of(DriverFactory().user).get(address).status_code == 403
