import math
from datetime import UTC, datetime

import pytest

from dispatch.engine.mdrp.instance import InstanceError, load
from simulation.clients.road import Place, distance_m
from simulation.replay import WindowError, midnight_after, minute_of, record, settings_of

CENTRE = Place(39.29, -76.61)
FILES = {
    "orders.txt": "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t5000\t9000\t480\tr1\t490\no2\t0\t0\t500\tr1\t520\n",
    "couriers.txt": "courier\tx\ty\ton_time\toff_time\nc1\t100\t200\t0\t485\nc2\t3000\t4000\t480\t600\nc3\t0\t1\t700\t900\n",
    "restaurants.txt": "restaurant\tx\ty\nr1\t4000\t8000\n",
    "instance_parameters.txt": (
        "meters_per_minute\tpickup service minutes\tdropoff service minutes\ttarget click-to-door\t"
        "maximum click-to-door\tpay per order\tguaranteed pay per hour\n320\t4\t4\t40\t90\t10\t15\n"
    ),
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


class TestRecord:
    def test_keeps_distances(self, folder):
        day = load(folder)
        played = record(day, centre=CENTRE)
        metres = math.dist((5000, 9000), (4000, 8000))
        assert distance_m(played.orders[0].door, played.restaurants[0]) == pytest.approx(metres, rel=1e-4)

    def test_cuts_to_the_window_half_open(self, folder):
        played = record(load(folder), centre=CENTRE, from_min=480, to_min=500)
        assert [order.id for order in played.orders] == ["o1"]
        assert played.orders[0].placed_min == 480
        assert played.orders[0].ready_min == 490

    def test_takes_the_orders_and_couriers_of_the_benchmarks_window(self, folder):
        day = load(folder)
        played = record(day, centre=CENTRE, from_min=480, to_min=500)
        assert [courier.id for courier in played.couriers] == ["c1", "c2"]
        assert [(courier.on_min, courier.off_min) for courier in played.couriers] == [(480, 485), (480, 600)]
        played = record(day, centre=CENTRE, from_min=485, to_min=620)
        assert [courier.id for courier in played.couriers] == ["c2"]
        cut = day.window(485, 620)
        assert tuple(courier.id for courier in played.couriers) == cut.courier_ids
        assert tuple(order.id for order in played.orders) == cut.order_ids

    def test_says_what_the_day_has_when_the_window_is_empty(self, folder):
        with pytest.raises(WindowError, match="no order is placed from minute 0 to 60: the day has 480 to 500"):
            record(load(folder), centre=CENTRE, from_min=0, to_min=60)
        with pytest.raises(WindowError, match="--to must be after --from"):
            record(load(folder), centre=CENTRE, from_min=60, to_min=60)

    def test_halves_the_service_minutes(self, folder):
        played = record(load(folder), centre=CENTRE)
        assert (played.half_pickup_s, played.half_dropoff_s, played.target_min) == (120.0, 120.0, 40.0)

    def test_surrounds_everything(self, folder):
        played = record(load(folder), centre=CENTRE)
        lats = [corner.lat for corner in played.outline]
        assert min(lats) < min(order.door.lat for order in played.orders)
        assert max(lats) > max(order.door.lat for order in played.orders)

    def test_reads_a_public_day(self, shared):
        played = record(load(shared / "mdrplib" / "0o50t100s1p100"), centre=CENTRE, from_min=480, to_min=660)
        assert len(played.orders) == 130
        assert len(played.restaurants) == 93


class TestSettingsOf:
    def test_are_the_speed_of_the_file(self, folder):
        assert settings_of(record(load(folder), centre=CENTRE, rounded=True)) == {
            "FLEETSYNC_TRAVEL": "straight",
            "FLEETSYNC_TRAVEL_FACTOR": "1",
            "FLEETSYNC_TRAVEL_SPEED_MPS": "5.33333333",
            "FLEETSYNC_TRAVEL_ROUND_UP_S": "60",
            "FLEETSYNC_OFFER_FLOOR_S": "1",
        }


class TestMinuteOf:
    @pytest.mark.parametrize(("text", "minute"), [("08:00", 480), ("0:00", 0), ("23:59", 1439), ("26:30", 1590)])
    def test_is_the_minute_of_the_day(self, text, minute):
        assert minute_of(text) == minute

    @pytest.mark.parametrize("text", ["8", "08:60", "-1:00", "8:xx", "48:00", ""])
    def test_refuses_what_is_no_hour(self, text):
        with pytest.raises(ValueError, match="expected HH:MM"):
            minute_of(text)


class TestMidnightAfter:
    def test_is_today_when_the_hour_is_still_ahead(self):
        now = datetime(2026, 6, 1, 11, 0, tzinfo=UTC)  # 07:00 in New York
        assert midnight_after(now, zone="America/New_York", minutes=(480,)) == datetime(2026, 6, 1, 4, tzinfo=UTC)
        assert midnight_after(now, zone="America/New_York", minutes=(400,)) == datetime(2026, 6, 2, 4, tzinfo=UTC)

    def test_skips_the_day_on_which_clocks_change(self):
        now = datetime(2026, 10, 31, 20, 0, tzinfo=UTC)
        assert midnight_after(now, zone="America/New_York", minutes=(480,)) == datetime(2026, 11, 2, 5, tzinfo=UTC)


class TestBadFiles:
    @pytest.mark.parametrize(
        ("file", "old", "new", "told"),
        [
            ("orders.txt", "\t490", "\tsoon", "orders.txt, line 2, field 'ready_time': expected a number, got 'soon'"),
            ("orders.txt", "\tr1\t520", "\tr9\t520", "orders.txt, line 3, field 'restaurant': expected an id of"),
            ("couriers.txt", "on_time", "start", "couriers.txt, line 1, field 'on_time': expected the tab-separated"),
        ],
    )
    def test_name_file_line_field_and_what_was_expected(self, folder, file, old, new, told):
        path = folder / file
        path.write_text(path.read_text().replace(old, new))
        with pytest.raises(InstanceError) as refused:
            load(folder)
        assert told in str(refused.value)
