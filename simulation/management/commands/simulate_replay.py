"""`manage.py simulate_replay DIR`: a recorded day on a running, empty platform; `manage.py replay` starts both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.engine.mdrp.instance import InstanceError, load
from dispatch.engine.policy import NAMES as STRATEGIES
from fleetsync.core import clock, ids
from restaurants.models import Zone
from simulation.city import CENTRE, TIME_ZONE
from simulation.clients.api import Gate, Unreachable
from simulation.clients.driver import Driver as SimDriver
from simulation.clients.fleet import Ends, Fleet
from simulation.clients.ledger import Ledger
from simulation.clients.restaurant import Kitchen
from simulation.clients.road import Place
from simulation.clients.world import Habits, PlannedItem, PlannedOrder, World
from simulation.people import account_of, staff_of
from simulation.replay import RUN_ON_MIN, Recording, WindowError, midnight_after, minute_of, record, settings_of
from simulation.result import holdable_speed
from simulation.runs import Bar, console, refuse_losses, run_loop, settle
from simulation.seeding import refuse_production
from simulation.staging import Stage, set_stage

OPENING_S = 4.0  # real seconds to go online and open sockets before the first minute
LATE_LIMIT_S = 5.0  # business seconds; a step later than this is no replay any more


class Command(BaseCommand):
    """Play the day through the public API and weigh what came of it."""

    help = (
        "Play a recorded day (orders.txt, couriers.txt, restaurants.txt, instance_parameters.txt) through the "
        "running platform, whose database must be empty; manage.py replay DIR starts such a platform. --check only "
        "reads the files and prints the settings the platform needs. "
        "Example: manage.py simulate_replay days/monday --speed 60 --from 08:00 --to 11:00 --strategy batch"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("dir", type=Path, metavar="DIR", help="Folder of the recorded day.")
        parser.add_argument(
            "--check", action="store_true", help="Read the files, print NAME=value settings, do nothing."
        )
        parser.add_argument("--speed", type=float, default=60.0, help="Business seconds per real second (default 60).")
        parser.add_argument(
            "--from", dest="start", metavar="HH:MM", help="First order at or after; default: the first."
        )
        parser.add_argument("--to", dest="end", metavar="HH:MM", help="Orders before; default: all.")
        parser.add_argument("--strategy", choices=STRATEGIES, help="How drivers are chosen; default: the zone's.")
        parser.add_argument("--accept", type=float, default=1.0, metavar="P", help="Chance of a yes (default 1).")
        parser.add_argument("--rounded", action="store_true", help="Travel in whole minutes, rounded up.")
        parser.add_argument("--seed", type=int, default=1, help="Same seed, same choices of the drivers (default 1).")
        parser.add_argument("--centre", default=f"{CENTRE.lat},{CENTRE.lng}", metavar="LAT,LNG", help="Where it lies.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the result table there.")
        parser.add_argument("--base-url", default=settings.FLEETSYNC_PUBLIC_URL, help="Where REST answers.")
        parser.add_argument("--live-url", default=settings.FLEETSYNC_LIVE_URL, help="Where sockets answer.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, set the stage, set the clock, play, weigh."""
        recording = self._read(options)
        if options["check"]:
            for name, value in settings_of(recording).items():
                self.stdout.write(f"{name}={value}")
            return
        refuse_production()
        self._same_travel(recording)
        if Zone.objects.exists():
            raise CommandError("The database is not empty; manage.py replay DIR makes one of its own.")
        out = console()
        clock.refresh()
        ahead_s = options["speed"] * (OPENING_S + noticing_s(options["speed"]))
        stage = set_stage(recording=recording, time_zone=TIME_ZONE, strategy=options["strategy"], now=clock.now())
        midnight = midnight_after(
            clock.now() + timedelta(seconds=2 * ahead_s),
            zone=TIME_ZONE,
            minutes=(recording.from_min,),
        )
        ledger = Ledger()
        gate = Gate(base_url=options["base_url"], live_url=options["live_url"], ledger=ledger, seed=options["seed"])
        world = World(gate=gate, habits=_habits(recording, options["accept"]), seed=options["seed"])
        begins = midnight + timedelta(minutes=recording.from_min)
        fleet = self._fleet(world, recording, stage, midnight, options["speed"])
        out.print(
            f"{recording.name} from {begins:%H:%M} for {recording.to_min - recording.from_min} min: "
            f"{len(recording.orders)} orders, {len(recording.couriers)} couriers, "
            f"{len(recording.restaurants)} restaurants; speed {options['speed']:g}, "
            f"strategy {options['strategy'] or 'of the zone'}"
        )
        fleet.begin_s = clock.set_scale(
            scale=options["speed"], not_before=begins - timedelta(seconds=ahead_s)
        ).timestamp()
        bar = Bar(out, total=len(recording.orders))
        fleet.show = bar.show
        try:
            with bar:
                finished = run_loop(fleet.run)
        except Unreachable as error:
            raise CommandError(f"The platform does not answer at {options['base_url']}: {error}") from error
        title = f"{recording.name} x{options['speed']:g}" + ("" if finished else " (stopped before its end)")
        table = settle(ledger=ledger, json_path=options["json"], title=title, target_min=recording.target_min, out=out)
        p95, held = holdable_speed(ledger.late_s, options["speed"], LATE_LIMIT_S)
        out.print(f"Steps: 95 % no later than {p95:.1f} business seconds.", markup=False)
        if held < options["speed"]:
            out.print(f"This machine cannot keep up: it can hold --speed {held:g}.", style="bold red", markup=False)
        refuse_losses(table)

    def _read(self, options: dict[str, Any]) -> Recording:
        if not 0 <= options["accept"] <= 1:
            raise CommandError("--accept: expected a chance from 0 to 1")
        if not 0 < options["speed"] < float("inf"):
            raise CommandError(f"--speed: expected a number above 0, got {options['speed']:g}")
        try:
            lat, lng = map(float, options["centre"].split(","))
        except ValueError:
            raise CommandError(f"--centre: expected LAT,LNG, got {options['centre']!r}") from None
        window: dict[str, int | None] = {}
        for flag, name in (("--from", "start"), ("--to", "end")):
            try:
                window[name] = minute_of(options[name]) if options[name] else None
            except ValueError as error:
                raise CommandError(f"{flag}: {error}") from None
        try:
            return record(
                load(options["dir"]),
                centre=Place(lat, lng),
                from_min=window["start"],
                to_min=window["end"],
                rounded=options["rounded"],
            )
        except (InstanceError, WindowError) as error:
            raise CommandError(str(error)) from error

    def _same_travel(self, recording: Recording) -> None:
        """Refuse a platform that believes in other travel times than the day."""
        for name, value in settings_of(recording).items():
            if name.startswith("FLEETSYNC_TRAVEL"):
                present = getattr(settings, name)
                same = present == value if isinstance(present, str) else abs(present - float(value)) < 1e-6
                if not same:
                    raise CommandError(f"{name} is {present}, this day needs {value}: start it by manage.py replay DIR")

    def _fleet(self, world: World, recording: Recording, stage: Stage, midnight: datetime, speed: float) -> Fleet:
        base_s = midnight.timestamp()
        from_s, to_s = base_s + 60.0 * recording.from_min, base_s + 60.0 * recording.to_min
        early_s = from_s - 0.75 * OPENING_S * speed  # at --from they are there, offers may come at once
        drivers = []
        for courier, driver in zip(recording.couriers, stage.drivers, strict=True):
            account = account_of(world.gate, driver.user, driver)
            on_s = base_s + 60.0 * courier.on_min
            drivers.append(
                SimDriver(
                    world,
                    account,
                    home=courier.place,
                    on_s=on_s if on_s > from_s else early_s,
                    off_s=base_s + 60.0 * courier.off_min,
                )
            )
        kitchens = [Kitchen(world, staff.account, staff.restaurants) for staff in staff_of(world.gate, stage.kitchens)]
        return Fleet(
            world=world,
            kitchens=kitchens,
            drivers=drivers,
            customers=[account_of(world.gate, user) for user in stage.customers],
            orders=_planned(recording, stage, base_s),
            ends=Ends(last_order_s=to_s, when_done=True, give_up_s=to_s + 60.0 * RUN_ON_MIN),
        )


def noticing_s(speed: float) -> float:
    """Return the real seconds within which processes notice that the clock was set, at this speed before and after."""
    return 0.5 + max(clock.RETRY_S, clock.REFRESH_S / max(1.0, speed))


def _habits(recording: Recording, accept: float) -> Habits:
    return Habits(
        vehicle=recording.vehicle,
        half_pickup_s=recording.half_pickup_s,
        half_dropoff_s=recording.half_dropoff_s,
        accept=accept,
    )


def _planned(recording: Recording, stage: Stage, base_s: float) -> Iterator[PlannedOrder]:
    for number, order in enumerate(recording.orders):
        yield PlannedOrder(
            number=number,
            place_s=base_s + 60.0 * order.placed_min,
            restaurant_id=ids.public("restaurant_id", stage.restaurants[order.restaurant].pk),
            items=(PlannedItem(item_id=ids.public("item_id", stage.items[order.restaurant].pk)),),
            door=order.door,
            address=f"Door of {order.id}",
            ready_s=base_s + 60.0 * order.ready_min,
        )
