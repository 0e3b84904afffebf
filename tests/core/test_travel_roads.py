"""Roads: one-ways, speeds, the part that hangs together; routers that die."""

import math
from pathlib import Path

import httpx
import pytest

from fleetsync.core.geo import LngLat, distance_m, moved
from fleetsync.core.travel.osm import OsmFileError, directions, import_roads, speed_kmh
from fleetsync.core.travel.provider import StraightLine, TravelDown, WithFallback
from fleetsync.core.travel.roads import RoadFileError, RoadGraph, RoadTravel
from fleetsync.core.travel.table import HttpTable

CENTRE = LngLat(-76.6, 39.29)


def osm_file(folder: Path, nodes: dict[int, tuple[float, float]], ways: list[tuple[list[int], dict[str, str]]]) -> Path:
    """Write a small extract: nodes by metres east and north of the centre."""
    lines = ['<?xml version="1.0"?><osm version="0.6">']
    for ref, (east, north) in nodes.items():
        place = moved(CENTRE, east, north)
        lines.append(f'<node id="{ref}" lat="{place.lat:.7f}" lon="{place.lng:.7f}" version="1"/>')
    for ref, (members, tags) in enumerate(ways, start=1):
        inner = "".join(f'<nd ref="{node}"/>' for node in members)
        inner += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        lines.append(f'<way id="{ref}" version="1">{inner}</way>')
    path = folder / "town.osm"
    path.write_text("".join([*lines, "</osm>"]))
    return path


#: A ring of four corners, 1,000 m a side; the south side is one-way eastwards.
RING = {
    1: (0.0, 0.0),
    2: (1000.0, 0.0),
    3: (1000.0, 1000.0),
    4: (0.0, 1000.0),
    5: (500.0, 0.0),
    9: (5000.0, 5000.0),
    10: (5100.0, 5000.0),
}
ROADS = [
    ([1, 5, 2], {"highway": "residential", "oneway": "yes", "maxspeed": "48"}),
    ([2, 3, 4, 1], {"highway": "residential", "maxspeed": "48"}),
    ([9, 10], {"highway": "residential"}),
    ([1, 3], {"highway": "footway"}),
    ([2, 4], {"highway": "residential", "access": "private"}),
]


@pytest.fixture
def travel(tmp_path):
    return RoadTravel(import_roads(osm_file(tmp_path, RING, ROADS), name="town"))


class TestRoadTravel:
    def test_drives_with_a_one_way_street_and_around_against_it(self, travel):
        west, east = moved(CENTRE, 0, 0), moved(CENTRE, 1000, 0)
        there, back = travel.time_s(west, east), travel.time_s(east, west)
        assert there == pytest.approx(100, rel=0.01)  # 1,000 m at 48 km/h x 0.75 = 10 m/s
        assert back == pytest.approx(300, rel=0.01)

    def test_leaves_out_what_nobody_can_drive_to(self, travel):
        assert len(travel.graph.lng) == 5  # the ring's corners and the node between; not the island
        assert travel.time_s(moved(CENTRE, 0, 0), moved(CENTRE, 5000, 5000)) < math.inf

    def test_adds_the_way_from_the_door_to_the_road(self, travel):
        start = moved(CENTRE, 0, -30)
        assert travel.time_s(start, moved(CENTRE, 1000, 0)) == pytest.approx(110, rel=0.01)

    def test_takes_no_time_to_stay(self, travel):
        assert travel.time_s(CENTRE, CENTRE) == 0

    def test_rounds_up_where_asked(self, tmp_path):
        graph = import_roads(osm_file(tmp_path, RING, ROADS), name="town")
        assert RoadTravel(graph, round_up_s=60).time_s(moved(CENTRE, 0, 0), moved(CENTRE, 1000, 0)) == 120

    def test_survives_being_saved_and_loaded(self, travel, tmp_path):
        travel.graph.save(tmp_path / "town.npz")
        again = RoadTravel(RoadGraph.load(tmp_path / "town.npz"))
        places = [moved(CENTRE, 0, 0), moved(CENTRE, 1000, 0), moved(CENTRE, 1000, 1000)]
        assert again.times_s(places, places) == travel.times_s(places, places)
        assert again.graph.attribution == "© OpenStreetMap contributors"
        assert {feature["properties"]["kind"] for feature in again.graph.geojson()["features"]} == {"minor"}

    def test_gives_a_row_an_origin_and_a_column_a_destination(self, travel):
        assert travel.times_s([], [CENTRE]) == []
        assert travel.times_s([CENTRE, CENTRE], []) == [[], []]


class TestImportRoads:
    def test_refuses_a_missing_file_by_name(self, tmp_path):
        with pytest.raises(OsmFileError, match=r"nowhere\.osm\.pbf: no such file"):
            import_roads(tmp_path / "nowhere.osm.pbf", name="x")

    def test_refuses_a_file_without_roads(self, tmp_path):
        with pytest.raises(OsmFileError, match="no roads"):
            import_roads(osm_file(tmp_path, {1: (0, 0)}, []), name="x")

    def test_refuses_what_is_no_map(self, tmp_path):
        path = tmp_path / "junk.osm.pbf"
        path.write_bytes(b"not a map")
        with pytest.raises(OsmFileError, match="not readable"):
            import_roads(path, name="x")

    def test_reads_a_real_city(self, shared):
        travel = RoadTravel(import_roads(shared / "osm" / "baltimore.osm.pbf", name="baltimore"))
        a, b = LngLat(-76.595, 39.285), LngLat(-76.560, 39.285)
        seconds = travel.time_s(a, b)
        assert distance_m(a, b) / 12 < seconds < distance_m(a, b) / 3

    @pytest.mark.parametrize(("text", "kmh"), [("50", 50.0), ("30 mph", 48.28032), ("walk", None), ("", None)])
    def test_reads_signed_speeds(self, text, kmh):
        assert speed_kmh(text) == (pytest.approx(kmh) if kmh else None)

    @pytest.mark.parametrize(
        ("tags", "ways"),
        [
            ({}, (True, True)),
            ({"oneway": "yes"}, (True, False)),
            ({"oneway": "-1"}, (False, True)),
            ({"junction": "roundabout"}, (True, False)),
            ({"highway": "motorway"}, (True, False)),
            ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ],
    )
    def test_respects_one_ways(self, tags, ways):
        assert directions(tags) == ways


class TestRoadFile:
    def test_says_what_is_wrong_with_it(self, tmp_path):
        path = tmp_path / "x.npz"
        path.write_bytes(b"nothing")
        with pytest.raises(RoadFileError, match="not a road graph"):
            RoadGraph.load(path)


def router(answer):
    """Return an OSRM table whose server is the function `answer(request)`."""
    table = HttpTable("osrm", "http://router.test")
    table.client = httpx.Client(base_url="http://router.test", transport=httpx.MockTransport(answer))
    return table


class TestHttpTable:
    def test_asks_one_table_and_reads_it(self):
        def answer(request):
            assert request.url.path.startswith("/table/v1/driving/-76.600000,39.290000;")
            assert request.url.params["sources"] == "0"
            assert request.url.params["destinations"] == "1;2"
            return httpx.Response(200, json={"code": "Ok", "durations": [[61.5, None]]})

        places = [moved(CENTRE, 100, 0), moved(CENTRE, 200, 0)]
        assert router(answer).times_s([CENTRE], places) == [[61.5, math.inf]]

    @pytest.mark.parametrize(
        "answer",
        [
            lambda request: httpx.Response(500),
            lambda request: httpx.Response(200, text="<html>"),
            lambda request: httpx.Response(200, json={"code": "Ok", "durations": [[1.0, 2.0]]}),
            lambda request: httpx.Response(200, json={"code": "NoTable"}),
        ],
    )
    def test_takes_no_odd_answer_for_a_time(self, answer):
        with pytest.raises(TravelDown):
            router(answer).times_s([CENTRE], [CENTRE])


class TestWithFallback:
    def test_answers_from_one_source_alone_and_says_which(self):
        asked = []

        def answer(request):
            asked.append(request)
            raise httpx.ConnectTimeout("late")

        travel = WithFallback(router(answer), StraightLine(factor=1, speed_mps=10))
        assert travel.name == "osrm"
        assert travel.times_s([CENTRE], [moved(CENTRE, 1000, 0)])[0][0] == pytest.approx(100, rel=0.001)
        assert travel.name == "straight-line (fallback)"
        travel.times_s([CENTRE], [CENTRE])
        assert len(asked) == 1  # a dead router is not asked again at once
