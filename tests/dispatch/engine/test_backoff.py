from random import Random

import pytest

from dispatch.engine.backoff import radius_m, retry_after_s


class TestRetryAfter:
    @pytest.mark.parametrize(("attempt", "most"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (400, 60)])
    def test_is_spread_over_all_of_the_growing_interval(self, attempt, most):
        rng = Random(1)
        pauses = [retry_after_s(attempt, rng=rng) for _ in range(2000)]
        assert 0 <= min(pauses) < 0.02 * most
        assert 0.98 * most < max(pauses) <= most

    @pytest.mark.parametrize("wrong", [{"attempt": -1}, {"attempt": 0, "base_s": 0}, {"attempt": 0, "cap_s": -1}])
    def test_refuses_what_has_no_meaning(self, wrong):
        with pytest.raises(ValueError, match=r"attempt|base_s"):
            retry_after_s(wrong.pop("attempt"), rng=Random(1), **wrong)


class TestRadius:
    def test_grows_to_seven_kilometres_and_stays_there(self):
        assert [radius_m(k) for k in range(6)] == [1500, 3000, 5000, 7000, 7000, 7000]

    def test_refuses_a_negative_attempt(self):
        with pytest.raises(ValueError, match="attempt"):
            radius_m(-1)
