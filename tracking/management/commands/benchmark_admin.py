"""`manage.py benchmark_admin`: how fast the back office's lists are with many orders, in a database of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.contrib import admin
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from accounts.models import User
from accounts.states import Role
from tracking.management.filling import Filler

SCRATCH: Final = "fleetsync_benchmark_admin"
TRIES: Final = 5
APPS: Final = frozenset({"accounts", "restaurants", "orders", "dispatch", "tracking", "core", "admin", "auth"})


class Command(BaseCommand):
    """Fill a scratch database, open every list page a few times, say what it cost, drop the database."""

    help = (
        "Measure every list page of the back office, its dashboard and the stuck orders: median milliseconds and "
        "queries, in a scratch database that is filled by SQL and dropped again. "
        "Example: manage.py benchmark_admin --orders 100000 --most-ms 1000"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--orders", type=_positive, default=100_000, help="How many orders (default 100000).")
        parser.add_argument("--most-ms", type=float, help="Fail where the median of a page is slower than this.")
        parser.add_argument("--slowest", type=int, default=0, help="Show only so many of the slowest pages.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill, measure, print, clean up."""
        console = Console()
        with _scratch(), Progress(console=Console(stderr=True), transient=True) as progress:
            filler = Filler(orders=options["orders"])
            task = progress.add_task("Filling", total=len(filler.steps))
            for name, step in filler.steps:
                progress.update(task, description=f"Filling {name}")
                step()
                progress.advance(task)
            found = _measure(progress)
        table = Table(title=f"{options['orders']:,} orders")
        for column in ("page", "rows", "median ms", "queries"):
            table.add_column(column, justify="left" if column == "page" else "right")
        found.sort(key=lambda row: -row[2])
        for page, rows, median_ms, queries in found[: options["slowest"] or None]:
            table.add_row(page, f"{rows:,}" if rows is not None else "", f"{median_ms:.0f}", str(queries))
        console.print(table)
        slow = [page for page, _, median_ms, _ in found if options["most_ms"] and median_ms > options["most_ms"]]
        if slow:
            raise CommandError(f"slower than {options['most_ms']:g} ms: {', '.join(slow)}")


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise ValueError(text)
    return number


@contextmanager
def _scratch() -> Iterator[None]:
    """Work in a database of one's own, which is dropped whatever happens; the real one is not touched."""
    name = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = SCRATCH
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _measure(progress: Progress) -> list[tuple[str, int | None, float, int]]:
    user = User.objects.create_superuser("bench@fleetsync.example", role=Role.ADMIN)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    pages: list[tuple[str, str, type[Model] | None]] = [
        ("dashboard, today", reverse("admin:index"), None),
        ("dashboard, 7 days", f"{reverse('admin:index')}?span=7d", None),
        ("stuck orders", reverse("office-stuck"), None),
    ]
    for listed in admin.site._registry:
        if listed._meta.app_label in APPS:
            address = reverse(f"admin:{listed._meta.app_label}_{listed._meta.model_name}_changelist")
            pages.append((listed._meta.label, address, listed))
    task = progress.add_task("Measuring", total=len(pages))
    found = []
    for name, address, model in pages:
        progress.update(task, description=f"Measuring {name}")
        found.append((name, model._default_manager.count() if model else None, *_time(client, name, address)))
        progress.advance(task)
    return found


def _time(client: Client, name: str, address: str) -> tuple[float, int]:
    spent = []
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    queries = len(captured)  # at once: the next request empties the log
    if answer.status_code != 200:
        raise CommandError(f"{name}: {address} answered {answer.status_code}")
    for _ in range(TRIES):
        started = time.perf_counter()
        client.get(address)
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent), queries
