"""Restaurants, hours, closures, staff and zones over HTTP."""

from datetime import timedelta

import pytest

from fleetsync.core import clock, ids
from fleetsync.core.models import Event, FeedEntry
from restaurants.models import OpeningHours, Restaurant, RestaurantStaff
from tests.factories import (
    ClosureFactory,
    DispatcherFactory,
    DriverFactory,
    RestaurantFactory,
    RestaurantStaffFactory,
    StaffUserFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db
API = "/api/v1"
HERE = {"lat": 39.29, "lng": -76.61}


def rst(restaurant):
    return f"{API}/restaurants/{ids.encode('rst', restaurant.pk)}"


class TestList:
    def test_is_open_to_everybody(self, anyone):
        row = RestaurantFactory()
        body = anyone.get(f"{API}/restaurants?near=39.29,-76.61&radius_m=1000").json()
        assert [each["id"] for each in body["results"]] == [ids.encode("rst", row.pk)]
        assert body["results"][0]["position"] == HERE
        assert (body["results"][0]["distance_m"], body["results"][0]["is_open"], body["next"]) == (0, True, None)

    def test_goes_on_by_its_next_address(self, anyone):
        zone = ZoneFactory()
        rows = {ids.encode("rst", RestaurantFactory(zone=zone).pk) for _ in range(5)}
        for address in (f"{API}/restaurants?near=39.29,-76.61&limit=2", f"{API}/restaurants?limit=2"):
            seen = []
            while address:
                body = anyone.get(address).json()
                seen += [each["id"] for each in body["results"]]
                address = body["next"]
            assert len(seen) == 5
            assert set(seen) == rows

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("near=39.29", "near"),
            ("near=x,y", "near"),
            ("near=nan,1", "near"),
            ("near=91,0", "near"),
            ("near=0,181", "near"),
            ("near=1e999,0", "near"),
            ("near=39.29,-76.61&radius_m=0", "radius_m"),
            ("near=39.29,-76.61&radius_m=50001", "radius_m"),
            ("near=39.29,-76.61&limit=101", "limit"),
            ("near=39.29,-76.61&cursor=zzz", "cursor"),
        ],
    )
    def test_refuses_bad_parameters(self, anyone, query, field):
        answer = anyone.get(f"{API}/restaurants?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["attr"].split(".")[0] == field

    def test_mine_are_those_one_works_for(self, acting, anyone):
        RestaurantFactory()
        own = RestaurantStaffFactory(restaurant__published=False)
        body = acting(own.user).get(f"{API}/restaurants?mine=true").json()
        assert [each["id"] for each in body["results"]] == [ids.encode("rst", own.restaurant_id)]
        assert anyone.get(f"{API}/restaurants?mine=true").json()["results"] == []

    def test_open_leaves_out_closed_ones_without_a_place_too(self, anyone):
        zone = ZoneFactory()
        row = RestaurantFactory(zone=zone)
        RestaurantFactory(zone=zone, always_open=False)
        RestaurantFactory(zone=zone, paused_until=clock.now() + timedelta(hours=1))
        body = anyone.get(f"{API}/restaurants?open=true").json()
        assert [each["id"] for each in body["results"]] == [ids.encode("rst", row.pk)]


class TestCreate:
    BODY = {"name": "Kitchen", "position": HERE, "address": "1 Pratt Street"}

    def test_puts_it_into_the_zone_that_covers_it(self, acting):
        zone = ZoneFactory(currency="EUR")
        answer = acting(DispatcherFactory()).post(f"{API}/restaurants", self.BODY)
        assert answer.status_code == 201
        body = answer.json()
        assert (body["zone_id"], body["time_zone"], body["currency"]) == (
            ids.encode("zon", zone.pk),
            "America/New_York",
            "EUR",
        )
        row = Restaurant.objects.get()
        assert (row.place.x, row.place.y) == (row.point.x, row.point.y) == (-76.61, 39.29)
        assert Event.objects.get().type == "restaurant.created"

    def test_is_refused_outside_every_zone(self, acting):
        answer = acting(DispatcherFactory()).post(f"{API}/restaurants", self.BODY)
        assert (answer.status_code, answer.json()["code"]) == (422, "outside-zones")
        assert not Restaurant.objects.exists()

    @pytest.mark.parametrize("who", [UserFactory, StaffUserFactory, lambda: DriverFactory().user])
    def test_is_for_ops(self, acting, anyone, who):
        ZoneFactory()
        assert acting(who()).post(f"{API}/restaurants", self.BODY).status_code == 403
        assert anyone.post(f"{API}/restaurants", self.BODY).status_code == 401
        assert not Restaurant.objects.exists()

    @pytest.mark.parametrize(
        "position", [{"lat": True, "lng": 0}, {"lat": 91, "lng": 0}, {"lat": 1}, "POINT(1 1)", None]
    )
    def test_refuses_bad_coordinates(self, acting, position):
        ZoneFactory()
        body = self.BODY | {"position": position}
        assert acting(DispatcherFactory()).post(f"{API}/restaurants", body).status_code == 400

    def test_is_done_once_for_one_key(self, acting):
        ZoneFactory()
        client = acting(DispatcherFactory())
        answers = [client.post(f"{API}/restaurants", self.BODY, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert Restaurant.objects.count() == 1


class TestOne:
    def test_is_changed_by_its_staff(self, acting, relay):
        staff = RestaurantStaffFactory()
        changes = {"preparation_min": 25, "auto_accept": True, "minimum_minor": 1500, "time_zone": "Europe/Paris"}
        answer = acting(staff.user).patch(rst(staff.restaurant), changes)
        assert answer.status_code == 200
        assert {name: answer.json()[name] for name in changes} == changes
        assert staff.restaurant.history.count() == 2
        relay()
        assert FeedEntry.objects.get().feed == f"restaurant:{ids.encode('rst', staff.restaurant_id)}"

    def test_says_what_may_carry_its_orders(self, acting):
        staff = RestaurantStaffFactory()
        client = acting(staff.user)
        assert client.get(rst(staff.restaurant)).json()["vehicles"] == []
        answer = client.patch(rst(staff.restaurant), {"vehicles": ["SCOOTER", "CAR", "SCOOTER"]})
        assert answer.json()["vehicles"] == ["CAR", "SCOOTER"]
        assert Event.objects.get().payload["fields"] == ["vehicles"]
        assert client.patch(rst(staff.restaurant), {"vehicles": []}).json()["vehicles"] == []

    def test_says_how_many_orders_it_takes_at_once(self, acting):
        staff = RestaurantStaffFactory()
        client = acting(staff.user)
        assert client.get(rst(staff.restaurant)).json()["max_open_orders"] is None
        assert client.patch(rst(staff.restaurant), {"max_open_orders": 3}).json()["max_open_orders"] == 3
        assert client.patch(rst(staff.restaurant), {"max_open_orders": None}).json()["max_open_orders"] is None

    @pytest.mark.parametrize(
        "body",
        [
            {"zone_id": "zon_00000000000000000000000001"},
            {"currency": "EUR"},
            {"menu_version": 1},
            {"paused_until": None},
            {"id": "x"},
            {"staff": []},
            {"time_zone": "Mars/Olympus"},
            {"time_zone": "../../etc/passwd"},
            {"vehicles": ["ROCKET"]},
            {"max_open_orders": 0},
            {"max_open_orders": 501},
            {"vehicles": "CAR"},
            {"preparation_min": 0},
            {"preparation_min": 241},
        ],
        ids=str,
    )
    def test_refuses_unknown_fields_and_bad_values(self, acting, body):
        staff = RestaurantStaffFactory()
        assert acting(staff.user).patch(rst(staff.restaurant), body).status_code == 400
        assert not Event.objects.exists()

    def test_moves_with_its_place(self, acting):
        url, ops = rst(RestaurantFactory()), acting(DispatcherFactory())
        answer = ops.patch(url, {"position": {"lat": 39.3, "lng": -76.6}})
        assert answer.json()["position"] == {"lat": 39.3, "lng": -76.6}
        row = Restaurant.objects.get()
        assert (row.place.x, row.place.y) == (-76.6, 39.3)
        assert ops.patch(url, {"position": {"lat": 0, "lng": 0}}).status_code == 422

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "Other"},
            {"published": True},
            {"address": "1 Pratt Street"},
            {"position": {"lat": 39.3, "lng": -76.6}},
            {"delivery_radius_m": 100_000},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_leaves_to_ops_what_it_is_to_its_city(self, acting, change):
        staff = RestaurantStaffFactory(restaurant__published=False)
        (name,) = change
        before = Restaurant.objects.values().get()
        answer = acting(staff.user).patch(rst(staff.restaurant), change | {"preparation_min": 99})
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
        assert answer.json()["errors"] == [
            {"code": "not-allowed", "detail": "Ask dispatch staff to change this.", "attr": name}
        ]
        assert Restaurant.objects.values().get() == before
        assert not Event.objects.exists()
        answer = acting(DispatcherFactory()).patch(rst(staff.restaurant), change)
        assert (answer.status_code, answer.json()[name]) == (200, change[name])

    def test_unpublished_is_hidden_from_others(self, acting, anyone):
        staff = RestaurantStaffFactory(restaurant__published=False)
        assert anyone.get(rst(staff.restaurant)).status_code == 404
        assert acting(UserFactory()).get(rst(staff.restaurant)).status_code == 404
        assert acting(staff.user).get(rst(staff.restaurant)).status_code == 200
        assert acting(DispatcherFactory()).get(rst(staff.restaurant)).status_code == 200

    @pytest.mark.parametrize("key", ["rst_0", "rst_" + "z" * 26, "ord_00000000000000000000000001", "1"])
    def test_a_malformed_id_is_404(self, anyone, key):
        assert anyone.get(f"{API}/restaurants/{key}").status_code == 404

    def test_can_be_deleted_by_ops_while_nothing_was_sold(self, acting):
        staff = RestaurantStaffFactory()
        refused = acting(staff.user).delete(rst(staff.restaurant))
        assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
        assert (Restaurant.objects.count(), Event.objects.count()) == (1, 0)
        assert acting(DispatcherFactory()).delete(rst(staff.restaurant)).status_code == 204
        assert not Restaurant.objects.exists()
        assert Event.objects.get().type == "restaurant.deleted"

    def test_is_404_to_peers_for_every_write(self, acting, anyone):
        row, peer = RestaurantFactory(), RestaurantStaffFactory()
        closure = ids.encode("cls", ClosureFactory(restaurant=row).pk)
        calls = [
            ("patch", ""),
            ("delete", ""),
            ("put", "/opening-hours"),
            ("get", "/closures"),
            ("post", "/closures"),
            ("get", f"/closures/{closure}"),
            ("patch", f"/closures/{closure}"),
            ("delete", f"/closures/{closure}"),
            ("post", "/pause"),
            ("post", "/resume"),
            ("get", "/staff"),
            ("post", "/staff"),
            ("delete", f"/staff/{ids.encode('usr', peer.user_id)}"),
        ]
        body = {"hours": [], "starts_at": "2026-11-23T12:00Z", "ends_at": "2026-11-23T13:00Z"}
        for verb, tail in calls:
            sent = body if verb == "put" else None
            if verb == "put":
                sent = {"hours": []}
            for user in (peer.user, UserFactory(), DriverFactory().user):
                assert getattr(acting(user), verb)(rst(row) + tail, sent).status_code == 404, (verb, tail)
            assert getattr(anyone, verb)(rst(row) + tail).status_code == 401
        assert not Event.objects.exists()


class TestPause:
    def test_takes_minutes_or_a_moment_or_an_hour(self, acting):
        staff = RestaurantStaffFactory()
        client, url = acting(staff.user), rst(staff.restaurant)
        for body, minutes in (({"minutes": 20, "reason": "busy"}, 20), ({}, 60)):
            answer = client.post(f"{url}/pause", body)
            assert (answer.status_code, answer.json()["is_open"]) == (200, False)
            staff.restaurant.refresh_from_db()
            left = staff.restaurant.paused_until - clock.now()
            assert timedelta(minutes=minutes - 1) < left <= timedelta(minutes=minutes)
        until = (clock.now() + timedelta(hours=3)).replace(microsecond=0)
        assert client.post(f"{url}/pause", {"until": until.isoformat()}).json()["next_opening_at"] == until.isoformat()
        assert client.post(f"{url}/resume").json()["is_open"] is True
        assert client.post(f"{url}/resume").status_code == 200
        assert [row.type for row in Event.objects.order_by("seq")] == ["restaurant.paused"] * 3 + ["restaurant.resumed"]

    @pytest.mark.parametrize(
        "body",
        [
            {"minutes": 0},
            {"until": "2020-01-01T00:00Z"},
            {"until": "2099-01-01T00:00Z"},
            {"minutes": 5, "until": "2099-01-01T00:00Z"},
        ],
    )
    def test_refuses_nonsense(self, acting, body):
        staff = RestaurantStaffFactory()
        assert acting(staff.user).post(f"{rst(staff.restaurant)}/pause", body).status_code == 400
        staff.restaurant.refresh_from_db()
        assert staff.restaurant.paused_until is None


class TestOpeningHours:
    WEEK = [{"weekday": 4, "opens": "18:00", "closes": "02:00"}, {"weekday": 5, "opens": "18:00", "closes": "03:00"}]

    def test_are_replaced_as_a_whole(self, acting, anyone):
        staff = RestaurantStaffFactory()
        url = f"{rst(staff.restaurant)}/opening-hours"
        OpeningHours.objects.create(restaurant=staff.restaurant, weekday=0, opens="09:00", closes="10:00")
        answer = acting(staff.user).put(url, {"hours": self.WEEK, "always_open": False})
        assert (answer.status_code, answer.json()["hours"]) == (200, self.WEEK)
        body = anyone.get(url).json()
        assert (body["hours"], body["always_open"], body["time_zone"]) == (self.WEEK, False, "America/New_York")

    @pytest.mark.parametrize(
        ("hours", "code"),
        [
            ([{"weekday": 7, "opens": "09:00", "closes": "10:00"}], "invalid"),
            ([{"weekday": 0, "opens": "25:00", "closes": "10:00"}], "invalid"),
            ([{"weekday": 0, "opens": "09:00"}], "invalid"),
            ([{"weekday": 0, "opens": "09:00", "closes": "12:00", "id": 1}], "invalid"),
            ([{"weekday": 0, "opens": "09:00", "closes": "12:00"}] * 2, "hours-overlap"),
            (
                [
                    {"weekday": 6, "opens": "20:00", "closes": "02:00"},
                    {"weekday": 0, "opens": "01:00", "closes": "5:00"},
                ],
                "hours-overlap",
            ),
            ([{"weekday": 0, "opens": "09:00", "closes": "09:01"}] * 43, "invalid"),
        ],
    )
    def test_refuse_what_makes_no_week(self, acting, hours, code):
        staff = RestaurantStaffFactory()
        answer = acting(staff.user).put(f"{rst(staff.restaurant)}/opening-hours", {"hours": hours})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert not OpeningHours.objects.exists()


class TestStaff:
    def test_are_added_by_ops_and_removed_at_once(self, acting):
        restaurant, user = RestaurantFactory(), StaffUserFactory()
        ops, url = acting(DispatcherFactory()), f"{rst(restaurant)}/staff"
        for _ in range(2):
            assert ops.post(url, {"email": user.email.upper()}).status_code == 201
        assert RestaurantStaff.objects.count() == 1
        client = acting(user)
        assert [row["email"] for row in client.get(url).json()] == [user.email]
        assert client.post(url, {"email": user.email}).status_code == 403
        assert ops.delete(f"{url}/{ids.encode('usr', user.pk)}").status_code == 204
        assert client.get(url).status_code == 404
        assert ops.delete(f"{url}/{ids.encode('usr', user.pk)}").status_code == 404

    def test_must_be_restaurant_users(self, acting):
        customer = UserFactory()
        ops, url = acting(DispatcherFactory()), f"{rst(RestaurantFactory())}/staff"
        for email in (customer.email, "nobody@example.org"):
            answer = ops.post(url, {"email": email})
            assert (answer.status_code, answer.json()["code"]) == (422, "no-such-staff-user")
        assert not RestaurantStaff.objects.exists()
