"""Nothing is dropped that somebody would miss."""

import io
import sys

import pytest

from fleetsync.bootstrap import arguments, commands, database, holdings, platform
from fleetsync.bootstrap.terminal import SetupError


class Server:
    """In the place of PostgreSQL: how many rows each table has, and what was made anew."""

    def __init__(self, monkeypatch):
        self.rows: dict[str, int] = {}
        self.dropped = 0
        monkeypatch.setattr(database, "exists", lambda *_: True)
        monkeypatch.setattr(database, "count", lambda _layout, _url, table: self.rows.get(table))
        monkeypatch.setattr(database, "make_database", self.make)

    def make(self, _layout, addresses, name, *, anew=False):
        if anew:
            self.dropped += 1
            self.rows = {}
        return addresses.database(name)


@pytest.fixture
def server(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return Server(monkeypatch)


def opened(layout, *, yes=False, durable=False, anew=False):
    return holdings.open_database(layout, database.planned(layout), yes=yes, durable=durable, anew=anew)


CITY = {"restaurants_zone": 1, "orders_order": 7}


class TestOpenDatabase:
    def test_one_that_only_demos_have_used_is_dropped_unasked(self, layout, server):
        opened(layout)
        server.rows = dict(CITY)
        opened(layout, anew=True)
        server.rows = dict(CITY)
        opened(layout, anew=True)
        assert server.dropped == 2

    @pytest.mark.parametrize("earlier", ["up", "demo, then up", "services", "before there was a mark"])
    def test_any_other_with_orders_is_kept_where_nobody_can_be_asked(self, layout, server, earlier, capsys):
        if earlier.startswith("demo"):
            opened(layout)
        server.rows = dict(CITY)
        if earlier.endswith("up"):
            opened(layout, durable=True)
        elif earlier == "services":
            holdings.keep(layout)
        opened(layout)  # a demo on the same city does not make it disposable
        with pytest.raises(SetupError, match="holds 7 orders and was kept") as refused:
            opened(layout, anew=True)
        assert "--yes" in refused.value.fix
        assert server.dropped == 0
        opened(layout, anew=True, yes=True)
        assert server.dropped == 1

    @pytest.mark.parametrize(("answer", "dropped"), [("y", 1), ("", 0), ("n", 0)])
    def test_who_sits_there_is_asked(self, layout, server, monkeypatch, answer, dropped):
        server.rows = dict(CITY)
        monkeypatch.setattr(holdings, "agreed", lambda question: "7 orders" in question and answer == "y")
        try:
            opened(layout, anew=True)
        except SetupError:
            assert not dropped
        assert server.dropped == dropped

    def test_one_without_orders_is_missed_by_nobody(self, layout, server):
        server.rows = {"restaurants_zone": 1, "orders_order": 0}
        opened(layout, anew=True)
        assert server.dropped == 1

    def test_one_of_yours_with_a_city_is_refused_and_an_empty_one_taken(self, layout, server, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgis://u@db/mine")
        assert opened(layout, anew=True) == "postgis://u@db/mine"
        server.rows = dict(CITY)
        assert opened(layout) == "postgis://u@db/mine"
        with pytest.raises(SetupError, match="not ours to drop"):
            opened(layout, anew=True, yes=True)
        assert server.dropped == 0


class TestIsAnotherCity:
    def test_is_told_by_seed_and_file_of_the_same_database(self, layout, monkeypatch):
        monkeypatch.delenv("DATABASE_URL", raising=False)
        assert not holdings.is_another_city(layout, "--seed", "1")
        holdings.seeding_note(layout.local, database.planned(layout)).write_text("--seed 2 --drivers 40")
        assert holdings.is_another_city(layout, "--seed", "1")
        assert not holdings.is_another_city(layout, "--seed", "2", "--drivers", "60")
        monkeypatch.setenv("DATABASE_URL", "postgis://u@db/mine")
        assert not holdings.is_another_city(layout, "--seed", "1")


class TestCityFile:
    @pytest.mark.parametrize("command", ["demo", "screenshots"])
    @pytest.mark.parametrize(("name", "told"), [("typo.osm.pbf", "no such file"), (".local", "not a file")])
    def test_is_looked_for_before_anything_else_is_done(self, layout, monkeypatch, command, name, told):
        monkeypatch.setattr(platform, "prepare", lambda *_, **__: pytest.fail("it began"))
        options = arguments.parser(command).parse_args(["--city", str(layout.project / name)])
        with pytest.raises(SetupError, match=told):
            getattr(commands, command)(layout, options)
