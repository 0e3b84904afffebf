"""A private PostgreSQL and Redis, from nothing to a spatial query and back to nothing."""

import shlex
import shutil
import socket
import sys
from pathlib import Path

import pytest

from fleetsync.bootstrap import database, keeper, paths, services


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with its real folders, as whoever runs the tests."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    project = tmp_path / "clone"
    (project / ".venv" / "bin").mkdir(parents=True)
    # Not a link: an environment is found from where its Python lies.
    python = project / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    (project / "fleetsync").symlink_to(Path(database.__file__).parents[1])
    layout = paths.find_layout(project)
    paths.make_folders(layout)
    found = services.look(layout)
    if not (found.postgis and found.redis):
        pytest.skip("no PostgreSQL with PostGIS and Redis installed to make a private cluster of")
    yield layout
    for folder in layout.owned:
        shutil.rmtree(folder, ignore_errors=True)


def test_services_come_up_serve_and_go(clone, capsys):
    using = database.begin_use(clone)
    addresses = database.bring_up(clone, yes=True)
    try:
        url = database.make_database(clone, addresses, "tést-1")
        questions = [
            "SELECT ST_Distance('POINT(0 0)'::geography, 'POINT(0 1)'::geography)::int",
            "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'",
            "SHOW fsync",
            "SHOW listen_addresses",
        ]
        assert database.sql(clone, url, questions) == "110574\n1\noff"

        database.sql(clone, url, ["CREATE TABLE t (id int)"])
        assert database.make_database(clone, addresses, "tést-1") == url  # kept as it is
        assert database.sql(clone, url, ["SELECT count(*) FROM t"]) == "0"
        database.make_database(clone, addresses, "tést-1", anew=True)
        assert database.sql(clone, url, ["SELECT to_regclass('t') IS NULL"]) == "True"

        with socket.socket(socket.AF_UNIX) as redis:
            redis.connect(str(clone.sockets / "redis.sock"))
            redis.sendall(b"CONFIG GET maxmemory-policy\r\n")
            assert b"noeviction" in redis.recv(200)

        database.bring_up(clone, yes=True, durable=True)
        assert database.sql(clone, url, ["SELECT pg_sleep(0.2)", "SHOW fsync"]).split()[-1] == "on"
    finally:
        database.end_use(clone, using)
    assert not keeper.is_running(clone)
    assert not (clone.sockets / ".s.PGSQL.5432").exists()


class TestAddresses:
    def test_the_url_is_one_that_settings_and_the_driver_both_read(self, layout, monkeypatch):
        import environ
        from psycopg.conninfo import conninfo_to_dict

        for name in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name, raising=False)
        url = database.planned(layout).database("other")
        read = environ.Env.db_url_config(url)
        assert (read["NAME"], read["USER"], read["OPTIONS"]["host"]) == ("other", "fleetsync", str(layout.sockets))
        assert conninfo_to_dict(url.replace("postgis:", "postgresql:"))["host"] == str(layout.sockets)

    def test_addresses_of_yours_are_taken_as_they_are(self, layout, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgis://u:p@db:5433/mine?sslmode=require")
        addresses = database.planned(layout)
        assert not addresses.private
        assert addresses.database("other") == "postgis://u:p@db:5433/other?sslmode=require"
