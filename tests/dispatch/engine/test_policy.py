import pytest

from dispatch.engine import Policy
from dispatch.engine.policy import BOUNDS


class TestPolicy:
    def test_comes_back_from_its_dict(self):
        policy = Policy(strategy="batch", lead_s=90, max_moves=7, position_weight=0)
        assert Policy.from_dict(policy.to_dict()) == policy

    def test_takes_defaults_for_absent_fields(self):
        assert Policy.from_dict({"lead_s": 5}) == Policy(lead_s=5)

    def test_has_bounds_for_every_number(self):
        assert set(BOUNDS) == set(Policy().to_dict()) - {"version", "strategy"}

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ({"version": 9}, "version: expected 1, got 9"),
            ({"colour": 1}, "colour: no such parameter"),
            ({"strategy": "magic"}, "strategy: expected one of plan, batch, nearest, got 'magic'"),
            ({"lead_s": 901}, "lead_s: expected 0 to 900, got 901"),
            ({"lead_s": "soon"}, "lead_s: expected a number, got 'soon'"),
            ({"max_moves": True}, "max_moves: expected a number, got True"),
            ({"overage_weight": float("nan")}, "overage_weight: expected 0 to 10, got nan"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, data, message):
        with pytest.raises(ValueError, match=message):
            Policy.from_dict(data)
