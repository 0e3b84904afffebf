"""Roads: one-ways, speeds, the part that hangs together; routers that die."""

import json
import math
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fleetsync.core.geo import LngLat, distance_m, moved
from fleetsync.core.metrics import TRAVEL_TABLES as TABLES
from fleetsync.core.travel.osm import OsmFileError, directions, import_roads, speed_kmh
from fleetsync.core.travel.provider import Fan, StraightLine, TravelDown, WithFallback
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


class TestFans:
    EAST_WEST = (moved(CENTRE, 1000, 0), moved(CENTRE, 0, 0), moved(CENTRE, 1000, 1000))

    def test_lead_to_the_hub_or_from_it(self, travel):
        fans = [Fan(0, (1, 2), inbound=True), Fan(0, (1, 2), inbound=False), Fan(2, (), inbound=True)]
        said = travel.fans_s(self.EAST_WEST, fans)
        assert said.source is travel
        there, back = ([travel.time_s(a, b) for a, b in zip(x, y, strict=True)] for x, y in (
            (self.EAST_WEST[1:], self.EAST_WEST[:1] * 2), (self.EAST_WEST[:1] * 2, self.EAST_WEST[1:])))  # fmt: skip
        assert said.seconds == [pytest.approx(there, abs=0.01), pytest.approx(back, abs=0.01), []]
        assert there[0] == pytest.approx(100, rel=0.01)
        assert back[0] == pytest.approx(300, rel=0.01)

    def test_are_the_same_whatever_was_asked_before(self, travel):
        fan = [Fan(0, (1,), inbound=False)]
        fresh = travel.fans_s(self.EAST_WEST, fan).seconds
        other = RoadTravel(travel.graph)
        other.times_s(self.EAST_WEST[:2], self.EAST_WEST)
        assert other.fans_s(self.EAST_WEST, fan).seconds == fresh

    def test_search_once_and_farther_only_where_something_farther_is_asked(self, travel, monkeypatch):
        searched = []
        search = travel._search
        monkeypatch.setattr(
            travel, "_search", lambda hubs, limit_s, **way: searched.append(limit_s) or search(hubs, limit_s, **way)
        )
        near, far = moved(CENTRE, 500, 0), moved(CENTRE, 0, 1000)
        places = (moved(CENTRE, 0, 0), near, far)
        travel.fans_s(places, [Fan(0, (1,), inbound=False)])
        travel.fans_s(places, [Fan(0, (1,), inbound=False)])
        assert searched == [300.0]
        monkeypatch.setattr("fleetsync.core.travel.roads.REACHES_S", (80.0, 200.0, math.inf))
        travel.fans_s(places[1:], [Fan(0, (1,), inbound=False)])  # 250 s around, 168 s as it looks
        assert searched[1:] == [200.0, math.inf]

    def test_keep_no_more_searches_than_fit(self, travel, monkeypatch):
        monkeypatch.setattr("fleetsync.core.travel.roads.CACHED_BYTES", 100)  # two searches of five crossings
        for east, north in RING.values():
            travel.fans_s([moved(CENTRE, east, north), CENTRE], [Fan(0, (1,), inbound=False)])
        assert len(travel._kept) == 2
        assert travel._kept_bytes == sum(search.size for search in travel._kept.values()) == 80


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

    def test_names_each_place_once(self):
        def answer(request):
            assert request.url.path.count(";") == 1
            assert (request.url.params["sources"], request.url.params["destinations"]) == ("0;1", "0;1")
            return httpx.Response(200, json={"code": "Ok", "durations": [[0, 5], [7, 0]]})

        places = [CENTRE, moved(CENTRE, 100, 0), CENTRE]
        assert router(answer).times_s(places, places) == [[0, 5, 0], [7, 0, 7], [0, 5, 0]]

    def test_asks_osrm_for_no_single_place(self):
        def answer(request):
            assert request.url.path.count(";") == 1
            return httpx.Response(200, json={"code": "Ok", "durations": [[0.0]]})

        assert router(answer).times_s([CENTRE], [CENTRE]) == [[0.0]]

    def test_has_no_answer_where_one_part_has_none(self):
        asked = []

        def answer(request):
            asked.append(request)
            rows, columns = (len(request.url.params[name].split(";")) for name in ("sources", "destinations"))
            if rows + columns < 100:
                return httpx.Response(500)
            return httpx.Response(200, json={"code": "Ok", "durations": [[1.0] * columns] * rows})

        places = [moved(CENTRE, 10 * at, 0) for at in range(70)]
        with pytest.raises(TravelDown, match="HTTPStatusError"):
            router(answer).times_s(places, places)
        assert 2 <= len(asked) <= 4

    def test_has_no_answer_where_the_parts_together_are_late(self):
        def answer(request):
            time.sleep(0.15)
            rows, columns = (len(request.url.params[name].split(";")) for name in ("sources", "destinations"))
            return httpx.Response(200, json={"code": "Ok", "durations": [[1.0] * columns] * rows})

        table = router(answer)
        table.limit_s = 0.25  # four at once: nine parts take three times as long as one
        places = [moved(CENTRE, 10 * at, 0) for at in range(150)]
        with pytest.raises(TravelDown, match="of 9 parts late"):
            table.times_s(places, places)


class TestWithFallback:
    def test_answers_fans_from_one_source_and_names_it_even_when_the_router_is_back(self):
        def answer(request):
            return httpx.Response(500)

        travel = WithFallback(router(answer), StraightLine(factor=1, speed_mps=10))
        places = [CENTRE, moved(CENTRE, 1000, 0)]
        said = travel.fans_s(places, [Fan(0, (1,), inbound=True)])
        travel._down_until = 0.0
        assert (said.source.name, travel.name) == ("straight-line (fallback)", "osrm")
        assert said.seconds == [pytest.approx([100], rel=0.001)]

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


class Router(BaseHTTPRequestHandler):
    """A router's table over real HTTP: OSRM by GET, Valhalla by POST; late when its server says so."""

    def do_GET(self):
        places = self.path.partition("?")[0].rpartition("/")[2].split(";")
        query = parse_qs(urlsplit(self.path).query)
        rows, columns = (query[name][0].split(";") for name in ("sources", "destinations"))
        assert len(set(places)) == len(places) <= 100
        assert {int(each) for each in rows + columns} == set(range(len(places)))
        east = [float(place.partition(",")[0]) for place in places]
        self._answer(
            {"code": "Ok", "durations": [[60 + 1e4 * (east[int(j)] - east[int(i)]) for j in columns] for i in rows]}
        )

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["costing"] == "auto"
        row = [{"time": 90 if at else None, "distance": 1.0} for at in range(len(body["targets"]))]
        self._answer({"sources_to_targets": [row for _ in body["sources"]], "units": "kilometers"})

    def _answer(self, body):
        self.server.asked += 1
        time.sleep(self.server.late_s)
        text = json.dumps(body).encode()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, *args):
        return


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Router)
    made.asked, made.late_s = 0, 0.0
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def counted(source, answer):
    return TABLES.labels(source, answer)._value.get()


class TestRouterOverHttp:
    PLACES = (moved(CENTRE, 100, 0), moved(CENTRE, 200, 0))

    def test_osrm_answers_a_table(self, server):
        table = HttpTable("osrm", f"http://127.0.0.1:{server.server_port}", limit_s=10)
        row = [60 + 1e4 * (place.lng - CENTRE.lng) for place in self.PLACES]
        assert table.times_s([CENTRE, CENTRE], self.PLACES) == [pytest.approx(row, abs=0.02)] * 2

    def test_a_big_table_goes_out_in_parts_and_comes_back_in_order(self, server):
        table = HttpTable("osrm", f"http://127.0.0.1:{server.server_port}", limit_s=10)
        places = [moved(CENTRE, 10 * at, 0) for at in range(130)]
        found = table.times_s(places, places[:70])
        assert server.asked == 6  # parts of 50 x 50
        for origin, row in zip(places, found, strict=True):
            assert row == pytest.approx([60 + 1e4 * (place.lng - origin.lng) for place in places[:70]], abs=0.02)

    def test_fans_are_asked_in_few_tables(self, server):
        table = HttpTable("osrm", f"http://127.0.0.1:{server.server_port}", limit_s=10)
        places = [moved(CENTRE, 10 * at, 0) for at in range(60)]
        fans = [Fan(hub, tuple(range(10, 60)), inbound=True) for hub in range(10)] + [Fan(0, (58, 59), inbound=False)]
        said = table.fans_s(places, fans)
        assert server.asked == 2
        assert said.source is table
        for fan, row in zip(fans, said.seconds, strict=True):
            sign = 1 if fan.inbound else -1
            ways = [60 + sign * 1e4 * (places[fan.hub].lng - places[each].lng) for each in fan.others]
            assert row == pytest.approx(ways, abs=0.02)

    def test_valhalla_answers_a_matrix_with_gaps(self, server):
        table = HttpTable("valhalla", f"http://127.0.0.1:{server.server_port}/", limit_s=10)
        assert table.times_s([CENTRE], self.PLACES) == [[math.inf, 90.0]]

    @pytest.mark.parametrize("kind", ["osrm", "valhalla"])
    def test_one_that_is_late_is_replaced_left_alone_and_counted(self, server, kind):
        server.late_s = 1.0
        line = StraightLine(factor=1, speed_mps=10)
        travel = WithFallback(HttpTable(kind, f"http://127.0.0.1:{server.server_port}", limit_s=0.1), line)
        before = counted(kind, "fallback"), counted(kind, "router")
        for _ in range(3):
            assert travel.times_s([CENTRE], self.PLACES) == line.times_s([CENTRE], self.PLACES)
        assert travel.name == "straight-line (fallback)"
        assert server.asked == 1
        assert (counted(kind, "fallback"), counted(kind, "router")) == (before[0] + 3, before[1])

    def test_one_that_answers_is_counted_too(self, server):
        travel = WithFallback(HttpTable("osrm", f"http://127.0.0.1:{server.server_port}", limit_s=10), StraightLine())
        before = counted("osrm", "router")
        travel.times_s([CENTRE], self.PLACES)
        assert counted("osrm", "router") == before + 1


class TestDrive:
    def test_goes_over_the_crossings_and_takes_as_long_as_the_time_says(self, travel):
        west, east = moved(CENTRE, 0, 0), moved(CENTRE, 1000, -30)
        there, back = travel.drive(west, east), travel.drive(east, west)
        assert (there[0].place, there[-1].place) == (west, east)
        assert there[-1].seconds == pytest.approx(travel.time_s(west, east), abs=0.1)
        assert back[-1].seconds == pytest.approx(travel.time_s(east, west), abs=0.1)
        assert max(each.place.lat for each in back) > CENTRE.lat + 0.008  # around by the north side
        assert [each.seconds for each in back] == sorted(each.seconds for each in back)
        numbers = [number for each in there for number in (*each.place, each.seconds)]
        assert {type(number) for number in numbers} == {float}  # phones tell them as JSON
