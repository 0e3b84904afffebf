"""`import_restaurants`: real places of a map, known again by their element."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fleetsync.core.models import Event
from restaurants.models import MenuItem, OpeningHours, Restaurant, Zone
from restaurants.osm import FoundPlace
from simulation.kitchens import kitchen_of, menu_for
from tests.factories import ZoneFactory

pytestmark = pytest.mark.django_db

PLACES = (
    (1, 13.401, 52.500, {"name": "Da Enzo", "amenity": "restaurant", "cuisine": "pizza;italian"}),
    (2, 13.400, 52.501, {"name": "Café Nord", "amenity": "cafe", "opening_hours": "Mo-Su 08:00-18:00"}),
    (3, 13.402, 52.499, {"name": "Wirtshaus", "amenity": "restaurant", "opening_hours": "when we like"}),
    (4, 13.403, 52.500, {"amenity": "restaurant"}),
    (5, 13.403, 52.500, {"name": "Bank", "amenity": "bank"}),
)


def extract(folder: Path, places=PLACES) -> Path:
    rows = "".join(
        f'<node id="{ref}" lat="{lat}" lon="{lng}" version="1">'
        + "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        + "</node>"
        for ref, lng, lat, tags in places
    )
    path = folder / "town.osm"
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{rows}</osm>')
    return path


def run(*arguments) -> str:
    out = io.StringIO()
    call_command("import_restaurants", *map(str, arguments), stdout=out)
    return out.getvalue()


class TestImportRestaurants:
    def test_creates_restaurants_with_hours_and_a_menu_in_a_zone_around_them(self, tmp_path):
        said = run(extract(tmp_path), "--create-zone", "Town", "--currency", "EUR")
        zone = Zone.objects.get()
        assert (zone.name, zone.time_zone, zone.currency) == ("Town", "Europe/Berlin", "EUR")
        assert [*Restaurant.objects.order_by("osm_ref").values_list("osm_ref", "name", "currency", "time_zone")] == [
            ("node/1", "Da Enzo", "EUR", "Europe/Berlin"),
            ("node/2", "Café Nord", "EUR", "Europe/Berlin"),
            ("node/3", "Wirtshaus", "EUR", "Europe/Berlin"),
        ]
        assert all(zone.polygon.covers(row.point) for row in Restaurant.objects.all())
        cafe = Restaurant.objects.get(osm_ref="node/2")
        assert [f"{each}" for each in cafe.opening_hours.all()][:1] == ["Monday 08:00-18:00"]
        assert MenuItem.objects.filter(restaurant__name="Da Enzo", name="Margherita").exists() or (
            MenuItem.objects.filter(restaurant__name="Da Enzo", category__name="Pizza").exists()
        )
        assert "3 created, 0 updated, 0 kept, 0 failed" in said
        assert "© OpenStreetMap contributors, ODbL" in said

    def test_lists_hours_it_cannot_read_and_opens_those_places_at_the_usual_time(self, tmp_path):
        said = run(extract(tmp_path), "--create-zone", "Town")
        assert "node/3 Wirtshaus: 'when we like'" in said
        assert "1 have no opening hours on the map" in said
        week = OpeningHours.objects.filter(restaurant__osm_ref="node/3")
        assert {f"{each.opens:%H:%M}-{each.closes:%H:%M}" for each in week} == {"11:00-23:00"}
        assert week.count() == 7

    def test_keeps_what_is_there_the_second_time(self, tmp_path):
        run(extract(tmp_path), "--create-zone", "Town")
        Restaurant.objects.filter(osm_ref="node/1").update(name="Enzo's")
        before = Event.objects.count()
        assert "0 created, 0 updated, 3 kept" in run(extract(tmp_path), "--create-zone", "Town")
        assert Restaurant.objects.get(osm_ref="node/1").name == "Enzo's"
        assert (Restaurant.objects.count(), Event.objects.count()) == (3, before)

    def test_brings_what_the_map_says_now_where_told_to(self, tmp_path):
        run(extract(tmp_path), "--create-zone", "Town")
        dishes = MenuItem.objects.count()
        moved = (1, 13.4005, 52.5, {"name": "Da Luigi", "amenity": "restaurant", "opening_hours": "Mo 12:00-15:00"})
        said = run(extract(tmp_path, [moved, *PLACES[1:]]), "--zone", "Town", "--update")
        assert "0 created, 1 updated, 2 kept" in said
        row = Restaurant.objects.get(osm_ref="node/1")
        assert (row.name, row.point.x, [str(each) for each in row.opening_hours.all()]) == (
            "Da Luigi",
            13.4005,
            ["Monday 12:00-15:00"],
        )
        assert MenuItem.objects.count() == dishes

    def test_writes_nothing_in_a_dry_run(self, tmp_path):
        said = run(extract(tmp_path), "--create-zone", "Town", "--dry-run")
        assert "3 created" in said
        assert "nothing was written" in said
        assert not Zone.objects.exists()
        assert not Restaurant.objects.exists()
        assert not Event.objects.exists()

    def test_tells_which_places_lie_outside_the_zone_and_takes_the_others(self, tmp_path):
        run(extract(tmp_path, PLACES[:1]), "--create-zone", "Town")
        far = (9, 14.9, 52.5, {"name": "Far away", "amenity": "restaurant"})
        said = run(extract(tmp_path, [*PLACES, far]))
        assert "2 created, 0 updated, 1 kept, 1 failed" in said
        assert "node/9 Far away: This place is outside every zone." in said
        assert not Restaurant.objects.filter(osm_ref="node/9").exists()

    def test_takes_the_nearest_to_the_middle_up_to_the_limit(self, tmp_path):
        run(extract(tmp_path), "--create-zone", "Town", "--limit", "1")
        assert [row.name for row in Restaurant.objects.all()] == ["Da Enzo"]

    def test_calls_the_first_zone_of_an_empty_platform_as_the_file(self, tmp_path):
        file = extract(tmp_path)
        run(file.rename(file.with_name("port-alder.osm")))
        assert [zone.name for zone in Zone.objects.all()] == ["Port Alder"]
        assert Restaurant.objects.count() == 3

    def test_asks_which_zone_where_there_are_several(self, tmp_path):
        file = extract(tmp_path, PLACES[:1])
        run(file, "--create-zone", "Town")
        ZoneFactory(name="Elsewhere")
        with pytest.raises(CommandError, match="Say which zone: there are several, --zone NAME"):
            run(file)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--zone", "Nowhere"], "--zone: no zone 'Nowhere'; there are: none"),
            (["--create-zone", "T", "--staff", "nobody@example.com"], "--staff: no user with the role RESTAURANT"),
        ],
    )
    def test_says_what_is_missing_and_does_nothing(self, tmp_path, arguments, message):
        with pytest.raises(CommandError, match=message):
            run(extract(tmp_path), *arguments)
        assert not Restaurant.objects.exists()

    def test_imports_a_real_city_that_can_be_ordered_from(self, shared):
        said = run(shared / "osm" / "baltimore.osm.pbf", "--create-zone", "Baltimore", "--limit", "25")
        assert "25 created, 0 updated, 0 kept, 0 failed" in said
        assert Zone.objects.get().time_zone == "America/New_York"
        assert all(row.items.filter(available=True).count() >= 4 for row in Restaurant.objects.all())


class TestKitchenOf:
    @pytest.mark.parametrize(
        ("cuisine", "name", "amenity", "kitchen"),
        [
            ("Pizza", "x", "restaurant", "Pizza"),
            ("Coffee shop", "x", "cafe", "Coffee"),
            ("", "The Sushi Place", "restaurant", "Sushi"),
            ("Regional", "Subway", "fast_food", "Deli"),
            ("", "x", "ice_cream", "Ice cream"),
            ("", "x", "fast_food", "Burgers"),
            ("", "x", "restaurant", "American"),
        ],
    )
    def test_goes_by_cuisine_then_name_then_kind_of_place(self, cuisine, name, amenity, kitchen):
        place = FoundPlace(
            ref="node/1",
            amenity=amenity,
            name=name,
            point=None,
            cuisine=cuisine,
            address="",
            phone="",
            hours="",
            openings=None,
        )
        assert kitchen_of(place).name == kitchen
        assert menu_for(place) == menu_for(place)
