"""Places to eat of an OpenStreetMap extract."""

from datetime import time

import pytest

from restaurants.hours import Opening
from restaurants.osm import OsmPlacesError, find_places, openings_of


class TestOpeningsOf:
    def test_reads_days_and_hours(self):
        assert openings_of("Mo,Tu 10:00-22:00") == (
            Opening(weekday=0, opens=time(10), closes=time(22)),
            Opening(weekday=1, opens=time(10), closes=time(22)),
        )

    def test_passes_midnight(self):
        assert openings_of("Sa 18:00-02:00") == (Opening(weekday=5, opens=time(18), closes=time(2)),)

    def test_makes_seven_openings_of_always(self):
        assert openings_of("24/7") == tuple(Opening(weekday=day, opens=time(0), closes=time(0)) for day in range(7))

    @pytest.mark.parametrize("text", ["Weekdays 7-3", "off", "nonsense"])
    def test_says_none_where_it_cannot_tell(self, text):
        assert openings_of(text) is None


class TestFindPlaces:
    def test_finds_the_places_of_a_real_city(self, shared):
        places = find_places(shared / "osm" / "baltimore.osm.pbf")
        assert len(places) > 100
        assert len({place.ref for place in places}) == len(places)
        assert all(-76.7 < place.point.lng < -76.5 and 39.2 < place.point.lat < 39.4 for place in places)
        assert any(place.cuisine == "Pizza" for place in places)

    def test_refuses_a_missing_file(self, tmp_path):
        with pytest.raises(OsmPlacesError, match="no such file"):
            find_places(tmp_path / "gone.osm.pbf")
