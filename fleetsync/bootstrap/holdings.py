"""What the database of `demo` and `up` holds: which city, and whether anybody would miss it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fleetsync.bootstrap import database, state
from fleetsync.bootstrap.database import Addresses
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.terminal import SetupError, agreed

NAME = "fleetsync"


def open_database(layout: Layout, addresses: Addresses, *, yes: bool, durable: bool, anew: bool) -> str:
    """Return the address of the database, made if need be; `anew` drops the old one, `durable` keeps it for good.

    Raises:
        SetupError: `anew` asks to drop what is not ours, or what not only demos have used and nobody agrees to drop.
    """
    if not addresses.private:
        if anew and database.count(layout, addresses.database_url, "restaurants_zone"):
            raise SetupError(
                "DATABASE_URL names a database that holds a city already, and it is not ours to drop.",
                fix="ask for the city it has and leave out --fresh, or empty it yourself, or unset DATABASE_URL",
            )
        return addresses.database_url
    if anew and not yes:
        _ask_before_dropping(layout, addresses)
    url = database.make_database(layout, addresses, NAME, anew=anew)
    if durable:
        keep(layout)
    elif not _disposable(layout).exists() and database.count(layout, url, "restaurants_zone") is None:
        _disposable(layout).touch()
    return url


def keep(layout: Layout) -> None:
    """Say that the database is not only a demo's any more: it is not dropped unasked."""
    _disposable(layout).unlink(missing_ok=True)


def is_another_city(layout: Layout, *arguments: str) -> bool:
    """Tell whether the database holds the city of another seed or file."""
    before = seeded(seeding_note(state.folder(layout, "demo"), database.planned(layout))).split()
    return bool(before) and _place(before) != _place(list(arguments))


def seeding_note(home: Path, addresses: Addresses) -> Path:
    """Return the file that says with which arguments that database was seeded last."""
    if addresses.private:
        return home / "seeded"
    return home / f"seeded-{hashlib.sha256(addresses.database_url.encode()).hexdigest()[:8]}"


def seeded(note: Path) -> str:
    """Return the arguments of the last seeding."""
    try:
        return note.read_text()
    except OSError:
        return ""


def _disposable(layout: Layout) -> Path:
    """Return the file that is there as long as only demos have used the database."""
    return layout.local / "disposable"


def _ask_before_dropping(layout: Layout, addresses: Addresses) -> None:
    if _disposable(layout).exists() or not database.exists(layout, addresses, NAME):
        return
    orders = database.count(layout, addresses.database(NAME), "orders_order")
    if orders and not agreed(f"  The database holds {orders} orders, and not only a demo's: drop it?"):
        raise SetupError(
            f"The database of this clone holds {orders} orders and was kept.",
            fix="--yes drops it; --apart runs the demo beside it; for the city it has name its --seed or --city",
        )


def _place(arguments: list[str]) -> list[tuple[str, str]]:
    """Return what decides which city it is, not how many people are in it."""
    pairs = zip(arguments[::2], arguments[1::2], strict=False)
    return sorted(pair for pair in pairs if pair[0] in ("--seed", "--city"))
