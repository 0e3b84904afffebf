from dispatch.engine import Exclusion, Plan, Proposal, Reason
from dispatch.engine.fairness import count_misses


def plan(*asked: str, left_out: dict[str, list[tuple[str, Reason]]]) -> Plan:
    return Plan(
        strategy="plan",
        proposals=tuple(
            Proposal(driver=driver, restaurant="r", jobs=(job,), leave_s=0, pickup_eta_s=0, dropoff_eta_s=(0,))
            for driver, job in zip(asked, left_out, strict=False)
        ),
        exclusions={
            job: tuple(Exclusion(driver=driver, reason=reason) for driver, reason in rows)
            for job, rows in left_out.items()
        },
    )


class TestCountMisses:
    def test_counts_orders_that_a_driver_could_have_taken_and_forgets_them_when_he_is_asked(self):
        first = plan("a", left_out={"1": [("b", Reason.LATER), ("c", Reason.BUSY), ("d", Reason.LATER)]})
        after = count_misses({"a": 7, "b": 1, "e": 2}, first)
        assert after == {"b": 2, "d": 1, "e": 2}
        assert count_misses(after, plan("b", left_out={"2": [("d", Reason.LATER)]})) == {"d": 2, "e": 2}

    def test_counts_nothing_for_orders_that_were_offered_to_nobody(self):
        nobody = plan(left_out={"1": [("b", Reason.LATER)]})
        assert count_misses({}, nobody) == {}
