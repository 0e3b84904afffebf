from simulation.clients.tasks import Task, next_trip


def task(
    name: str, *, taken_s: float = 0.0, batch: str = "", aboard: bool = False, restaurant: str = "rst_a", drop: int = 0
) -> Task:
    return Task.of(
        {
            "id": f"dlv_{name}",
            "order_id": f"ord_{name}",
            "restaurant": {"id": restaurant},
            "batch_id": batch or None,
            "drop_sequence": drop,
            "pickup": {"lat": 1.0, "lng": 2.0},
            "dropoff": {"lat": 1.1, "lng": 2.1, "address": "1 Here St", "note": ""},
            "ready_at": "2026-03-01T17:30:00+00:00",
            "assigned_at": None,
            "status": "PICKED_UP" if aboard else "ASSIGNED",
        },
        taken_s=taken_s,
    )


class TestNextTrip:
    def test_is_empty_when_there_is_nothing_to_do(self):
        assert next_trip([]) == ()

    def test_is_what_is_on_board_before_anything_else(self):
        waiting, carried = task("a", taken_s=1.0), task("b", taken_s=2.0, aboard=True)
        assert next_trip([waiting, carried]) == (carried,)

    def test_is_the_batch_that_was_taken_first(self):
        late = task("a", taken_s=9.0)
        one, two = task("b", taken_s=1.0, batch="bat_1", drop=1), task("c", taken_s=1.0, batch="bat_1", drop=0)
        assert next_trip([late, one, two]) == (two, one)

    def test_joins_no_two_trips_of_one_restaurant(self):
        assert next_trip([task("a", taken_s=1.0), task("b", taken_s=2.0)]) == (task("a", taken_s=1.0),)

    def test_fetches_at_both_counters_of_a_trip_before_its_first_door(self):
        one = task("a", batch="bat_1", restaurant="rst_a", drop=0)
        two = task("b", batch="bat_1", restaurant="rst_b", drop=1)
        assert next_trip([two, one]) == (one,)
        fetched = task("a", batch="bat_1", restaurant="rst_a", drop=0, aboard=True)
        assert next_trip([two, fetched]) == (two,)
        both = task("b", batch="bat_1", restaurant="rst_b", drop=1, aboard=True)
        assert next_trip([both, fetched]) == (fetched, both)
