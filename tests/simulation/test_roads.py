"""The streets of a real city, for people simulated in it."""

from random import Random

from django.contrib.gis.geos import Polygon

from fleetsync.core.travel.osm import import_roads
from simulation.clients.road import Place
from simulation.roads import RealStreets
from tests.core.test_travel_roads import CENTRE, RING, ROADS, osm_file


class TestDoors:
    def test_lie_in_the_zones_though_streets_go_on(self, tmp_path):
        graph = import_roads(osm_file(tmp_path, RING, ROADS), name="town")
        south = Polygon.from_bbox((CENTRE.lng - 0.01, CENTRE.lat - 0.001, CENTRE.lng + 0.02, CENTRE.lat + 0.001))
        kitchen = Place(CENTRE.lat, CENTRE.lng)
        latitudes = {
            name: {round(streets.door_near(kitchen, Random(seed)).lat, 3) for seed in range(40)}
            for name, streets in (("zone", RealStreets(graph, [south])), ("all", RealStreets(graph)))
        }
        assert latitudes == {"zone": {39.29}, "all": {39.29, 39.299}}
