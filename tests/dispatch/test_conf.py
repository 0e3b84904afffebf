"""Settings of a zone."""

import logging

import pytest

from dispatch.conf import DEFAULTS, DispatchConf, conf_of, read_conf
from dispatch.errors import SettingsInvalid


class TestReadConf:
    def test_takes_the_defaults_where_the_zone_says_nothing(self):
        assert read_conf({}) == DEFAULTS == DispatchConf()
        assert (DEFAULTS.tick_s, DEFAULTS.offer_life_s, DEFAULTS.geofence_m) == (10, 30, 80)

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"strategy": "batch"}, "strategy: no such setting here; it is a parameter of the zone's policy"),
            ({"tick_s": 0}, "tick_s: expected 1 to 600, got 0"),
            ({"tick_s": True}, "tick_s: expected a number, got True"),
            ({"tick": 10}, "tick: no such setting"),
            ({"bicycle_reach_m": -1}, "bicycle_reach_m: expected 0 to 100000, got -1"),
            ({"neighbours": 1}, "neighbours: expected true or false, got 1"),
            ({"policy": {}}, "policy: no such setting here; it is a parameter of the zone's policy"),
        ],
    )
    def test_names_what_cannot_be(self, given, sentence):
        with pytest.raises(SettingsInvalid) as refusal:
            read_conf(given)
        assert refusal.value.detail == sentence


class TestVehicles:
    @pytest.mark.parametrize(
        ("reach_m", "way_m", "allowed", "vehicles"),
        [
            (0, 9_000, [], None),
            (3_000, 3_000, [], None),
            (3_000, 3_001, [], {"SCOOTER", "CAR"}),
            (3_000, 3_001, ["BICYCLE", "CAR"], {"CAR"}),
            (3_000, 3_001, ["BICYCLE"], set()),
            (0, 9_000, ["CAR"], {"CAR"}),
            (0, 9_000, ["CAR", "SCOOTER", "BICYCLE"], None),
        ],
    )
    def test_are_what_the_kitchen_allows_and_the_way_bears(self, reach_m, way_m, allowed, vehicles):
        found = DispatchConf(bicycle_reach_m=reach_m).vehicles_for(way_m, allowed)
        assert found == vehicles
        assert {type(each) for each in found or ()} <= {str}


class TestConfOf:
    def test_dispatches_a_misconfigured_zone_with_the_defaults_and_says_so(self, caplog):
        with caplog.at_level(logging.ERROR):
            assert conf_of({"tick": 9, "tick_s": 11}) == DEFAULTS
        assert [record.message for record in caplog.records] == ["dispatch.conf.invalid"]
