"""`manage.py simulate`: the simulated city at work on a running platform; the demo's fleet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Driver
from accounts.states import Role
from dispatch import services as dispatch_services
from dispatch.conf import conf_of
from dispatch.engine.policy import NAMES as STRATEGIES
from fleetsync.core import clock
from fleetsync.core.travel import provider
from restaurants.models import Restaurant, Zone
from simulation.city import PersonSpec, make_city
from simulation.clients.api import Gate, Unreachable
from simulation.clients.driver import Driver as SimDriver
from simulation.clients.fleet import Ends, Fleet
from simulation.clients.ledger import Ledger
from simulation.clients.restaurant import Kitchen
from simulation.clients.road import Place, Vehicle
from simulation.clients.shops import read_shops
from simulation.clients.world import Habits, PlannedOrder, World
from simulation.demand import Appetite, orders_of
from simulation.people import account_of, last_seen, simulated, staff_of
from simulation.roads import RealStreets
from simulation.runs import Counters, console, refuse_losses, run_loop, settle
from simulation.seeding import refuse_production, seed_city

ORDER_TAKES_S = 14 * 60.0  # business: placed to delivered, a short demo stops ordering so long before its end
ORDERS_PER_DRIVER_HOUR = 3.0


class Command(BaseCommand):
    """Play restaurants, drivers and customers over the public API."""

    help = (
        "Simulated restaurants, drivers and customers at work on the running platform (FLEETSYNC_PUBLIC_URL, "
        "FLEETSYNC_LIVE_URL), through its public API alone. Ctrl-C ends it with the result table. "
        "Example: manage.py simulate --duration 90 --seed 1 --drivers 30 --orders-per-hour 90 --json out.json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--duration", type=float, metavar="S", help="Real seconds from the first order on.")
        parser.add_argument("--seed", type=int, default=1, help="Same seed, same city and same day (default 1).")
        parser.add_argument("--drivers", type=int, default=30, metavar="N", help="Drivers on the road (default 30).")
        parser.add_argument("--customers", type=int, default=200, metavar="N", help="Customers (default 200).")
        parser.add_argument("--orders-per-hour", type=float, metavar="N", help="Per business hour; default 3 a driver.")
        parser.add_argument("--accept", type=float, default=0.9, metavar="P", help="Chance of a yes (default 0.9).")
        parser.add_argument("--strategy", choices=STRATEGIES, help="How drivers are chosen, in every zone.")
        parser.add_argument("--city", type=Path, metavar="FILE", help="Taken by seed; accepted here too.")
        parser.add_argument("--speed", type=float, help="Shown only; the platform's clock says how fast time runs.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the result table there.")
        parser.add_argument("--base-url", default=settings.FLEETSYNC_PUBLIC_URL, help="Where REST answers.")
        parser.add_argument("--live-url", default=settings.FLEETSYNC_LIVE_URL, help="Where sockets answer.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Gather the people, let them play, weigh what they were promised."""
        refuse_production()
        if not 0 <= options["accept"] <= 1:
            raise CommandError("--accept: expected a chance from 0 to 1")
        if options["drivers"] < 1 or options["customers"] < 1:
            raise CommandError("--drivers, --customers: expected at least 1")
        out = console()
        ledger = Ledger()
        if options["strategy"]:
            for zone in Zone.objects.all():
                dispatch_services.change_policy(
                    zone_id=zone.pk,
                    parameters={"strategy": options["strategy"]},
                    note="simulate --strategy",
                    now=clock.now(),
                    actor="simulate",
                )
        self._enough_people(options)
        gate = Gate(base_url=options["base_url"], live_url=options["live_url"], ledger=ledger, seed=options["seed"])
        self.streets = RealStreets.of(provider(), Zone.objects.filter(active=True).values_list("polygon", flat=True))
        world = World(gate=gate, habits=self._habits(options["accept"]), seed=options["seed"])
        fleet = self._fleet(world, options)
        out.print(
            f"{len(fleet.kitchens)} kitchens, {len(fleet.drivers)} drivers, {len(fleet.customers)} customers; "
            f"seed {options['seed']}, an offer is taken with chance {options['accept']:g}"
        )
        counters = Counters(out)
        fleet.show = counters.show
        try:
            with counters:
                finished = run_loop(lambda: self._play(fleet, options))
        except Unreachable as error:
            raise CommandError(f"The platform does not answer at {options['base_url']}: {error}") from error
        title = "Result" if finished or options["duration"] is None else "Result (stopped before its end)"
        refuse_losses(settle(ledger=ledger, json_path=options["json"], title=title, target_min=40.0, out=out))

    def _enough_people(self, options: dict[str, Any]) -> None:
        """Seed more drivers and customers where the city has fewer than asked for."""
        drivers, customers = len(simulated(Role.DRIVER)), len(simulated(Role.CUSTOMER))
        if not Zone.objects.exists():
            raise CommandError("There is no city: run manage.py seed first.")
        if drivers < options["drivers"] or customers < options["customers"]:
            zone = Zone.objects.order_by("id")[0]
            city = make_city(
                seed=options["seed"], restaurants=0, drivers=options["drivers"], customers=options["customers"]
            )
            seed_city(city=city.named(zone.name), now=clock.now())

    def _habits(self, accept: float) -> Habits:
        """Drive as the platform believes, hand over as its zone expects."""
        dispatch = conf_of(Zone.objects.order_by("id")[0].dispatch)
        return Habits(
            vehicle=Vehicle(
                speed_mps=settings.FLEETSYNC_TRAVEL_SPEED_MPS / settings.FLEETSYNC_TRAVEL_FACTOR,
                ways=self.streets.ways if self.streets else None,
            ),
            half_pickup_s=dispatch.half_pickup_s,
            half_dropoff_s=dispatch.half_dropoff_s,
            accept=accept,
            silent=0.25,
            think_s=(2.0, 12.0),
        )

    def _fleet(self, world: World, options: dict[str, Any]) -> Fleet:
        city = make_city(seed=options["seed"], restaurants=0, drivers=options["drivers"], customers=0)
        homes = {person.email: self._home(person) for person in city.drivers}
        users = simulated(Role.DRIVER, options["drivers"])
        profiles = {driver.user_id: driver for driver in Driver.objects.filter(user__in=users)}
        seen = last_seen(profiles.values())
        now_s = clock.now().timestamp()
        drivers = []
        for user in users:
            profile = profiles[user.pk]
            home = seen.get(profile.pk) or homes[user.email]
            account = account_of(world.gate, user, profile)
            drivers.append(SimDriver(world, account, home=home, on_s=now_s, off_s=None))
        kitchens = [
            Kitchen(world, staff.account, staff.restaurants)
            for staff in staff_of(world.gate, simulated(Role.RESTAURANT))
        ]
        customers = [account_of(world.gate, user) for user in simulated(Role.CUSTOMER, options["customers"])]
        return Fleet(
            world=world,
            kitchens=kitchens,
            drivers=drivers,
            customers=customers,
            orders=(),
            ends=Ends(duration_s=options["duration"]),
        )

    def _home(self, person: PersonSpec) -> Place:
        """Return where a driver first stands: as made up, in a real city at a street near a kitchen."""
        if self.streets is None:
            return person.place
        chance = Random(person.email)
        kitchen = chance.choice(self._kitchens)
        return self.streets.door_near(Place(kitchen.y, kitchen.x), chance)

    @cached_property
    def _kitchens(self) -> list[Point]:
        return list(Restaurant.objects.order_by("id").values_list("point", flat=True))

    async def _play(self, fleet: Fleet, options: dict[str, Any]) -> bool:
        """Read the menus, plan the day from now on, play it."""
        world = fleet.world
        await world.gate.read_clock(tries=3)
        shops = await read_shops(world.gate)
        if not shops:
            raise Unreachable("no restaurant sells anything")
        per_hour = options["orders_per_hour"] or ORDERS_PER_DRIVER_HOUR * options["drivers"]
        start_s = world.clock.now_s() + 2.0 * world.clock.scale
        fleet.orders = self._orders(shops, options["seed"], start_s, per_hour)
        fleet.ends = Ends(
            duration_s=options["duration"],
            last_order_s=last_order_s(start_s, options["duration"], world.clock.scale),
        )
        return await fleet.run()

    def _orders(self, shops: Any, seed: int, start_s: float, per_hour: float) -> Iterator[PlannedOrder]:
        appetite = Appetite(orders_per_hour=per_hour)
        return orders_of(shops=shops, seed=seed, start_s=start_s, appetite=appetite, streets=self.streets)


def last_order_s(start_s: float, duration_s: float | None, scale: float) -> float | None:
    """Return the business moment after which nobody orders, so that most orders of a short run end in it."""
    if duration_s is None:
        return None
    span_s = duration_s * scale
    return start_s + max(span_s / 2.0, span_s - ORDER_TAKES_S)
