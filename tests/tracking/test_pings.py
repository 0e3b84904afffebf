"""Reading location reports."""

import orjson
import pytest

from tracking.errors import PositionsInvalid
from tracking.pings import decode, in_order

POINT = {"lat": 39.29, "lng": -76.61, "recorded_at": "2026-06-01T12:00:00Z", "seq": 1}


def body(**changes) -> bytes:
    return orjson.dumps({"points": [POINT | changes]})


class TestDecode:
    def test_reads_points_with_all_that_a_phone_knows(self):
        (point,) = decode(body(heading_deg=90, speed_mps=6.5, accuracy_m=5))
        assert (point.lat, point.lng, point.seq) == (39.29, -76.61, 1)
        assert (point.heading_deg, point.speed_mps, point.accuracy_m) == (90.0, 6.5, 5.0)
        assert point.recorded_at.isoformat() == "2026-06-01T12:00:00+00:00"

    def test_takes_integers_and_the_edges_of_the_world(self):
        assert [(p.lat, p.lng) for p in decode(body(lat=90, lng=-180))] == [(90.0, -180.0)]

    @pytest.mark.parametrize(
        ("changes", "attr"),
        [
            ({"lat": 90.0000001}, "points.0.lat"),
            ({"lat": True}, "points.0.lat"),
            ({"lat": "39.29"}, "points.0.lat"),
            ({"lat": None}, "points.0.lat"),
            ({"lng": 181}, "points.0.lng"),
            ({"seq": -1}, "points.0.seq"),
            ({"seq": 2**53}, "points.0.seq"),
            ({"seq": 1.5}, "points.0.seq"),
            ({"recorded_at": "2026-06-01T12:00:00"}, "points.0.recorded_at"),
            ({"recorded_at": 5}, "points.0.recorded_at"),
            ({"heading_deg": 361}, "points.0.heading_deg"),
            ({"speed_mps": -1}, "points.0.speed_mps"),
            ({"altitude": 3}, "points.0"),
        ],
    )
    def test_names_the_value_that_is_to_blame(self, changes, attr):
        with pytest.raises(PositionsInvalid) as refused:
            decode(body(**changes))
        assert refused.value.attr == attr

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"{}",
            b'{"points":[]}',
            b'{"points":{}}',
            b"\xff",
            b"[" * 50_000,
            orjson.dumps({"points": [POINT] * 101}),
        ],
        ids=lambda text: str(text[:20]),
    )
    def test_refuses_what_is_no_list_of_points(self, text):
        with pytest.raises(PositionsInvalid):
            decode(text)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999"])
    def test_refuses_numbers_that_are_none(self, number):
        with pytest.raises(PositionsInvalid):
            decode(body().replace(b"39.29", number.encode()))


class TestInOrder:
    def test_goes_by_the_phone_s_clock_then_by_its_count(self):
        late = POINT | {"recorded_at": "2026-06-01T12:00:01Z", "seq": 0}
        points = decode(orjson.dumps({"points": [late, POINT | {"seq": 3}, POINT | {"seq": 2}]}))
        assert [(p.recorded_at.second, p.seq) for p in in_order(points)] == [(0, 2), (0, 3), (1, 0)]
