"""Finding PostgreSQL with PostGIS and Redis on a machine."""

import os
import threading

import pytest

from fleetsync.bootstrap import debian, docker, locks, services
from fleetsync.bootstrap.terminal import SetupError

DPKG = """\
Package: bash
Status: install ok installed

Package: postgresql-15
Status: install ok installed

Package: redis-tools
Status: install ok installed

Package: libgdal32
Status: install ok installed
"""


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """A machine without servers, Docker or apt; what a test adds is all there is."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(services, "_servers", lambda _unpacked: [])
    monkeypatch.setattr(services, "_redis", lambda _unpacked: None)
    monkeypatch.setattr(docker, "answers", lambda: False)
    monkeypatch.setattr(debian, "is_here", lambda: False)
    return monkeypatch


def server(root, *extensions, library=True):
    """Make a folder that looks like Debian's PostgreSQL 15 and return its programs."""
    (root / "usr/lib/postgresql/15/lib").mkdir(parents=True)
    if library:
        (root / "usr/lib/postgresql/15/lib/postgis-3.so").touch()
    binaries = root / "usr/lib/postgresql/15/bin"
    binaries.mkdir(parents=True)
    share = root / "usr/share/postgresql/15/extension"
    share.mkdir(parents=True)
    for extension in extensions:
        (share / f"{extension}.control").touch()
    return binaries


class TestLook:
    def test_addresses_that_are_given_come_first(self, bare_machine, layout):
        bare_machine.setenv("DATABASE_URL", "postgis://host/db")
        bare_machine.setenv("REDIS_URL", "redis://host")
        assert services.look(layout).plan == "nothing to fetch"
        assert services.provide(layout, yes=True).postgres is None

    def test_postgresql_without_postgis_is_not_enough(self, bare_machine, layout, tmp_path):
        bare = server(tmp_path, "btree_gist")
        bare_machine.setattr(services, "_servers", lambda _unpacked: [bare])
        found = services.look(layout)
        assert found.postgres == bare
        assert not found.postgis
        assert found.plan == ""

    def test_redis_alone_may_be_missing(self, bare_machine, layout, tmp_path):
        whole = server(tmp_path, "btree_gist", "postgis")
        bare_machine.setattr(services, "_servers", lambda _unpacked: [whole])
        bare_machine.setattr(debian, "is_here", lambda: True)
        found = services.look(layout)
        assert found.postgis
        assert found.redis is None
        assert found.plan != ""

    @pytest.mark.parametrize(("uid", "words"), [(0, "apt-get install"), (1000, "without root")])
    def test_debian_installs_as_root_and_unpacks_otherwise(self, bare_machine, layout, uid, words):
        bare_machine.setattr(debian, "is_here", lambda: True)
        bare_machine.setattr(os, "geteuid", lambda: uid)
        assert words in services.look(layout).plan

    def test_docker_is_used_before_packages_are_installed(self, bare_machine, layout):
        bare_machine.setattr(debian, "is_here", lambda: True)
        bare_machine.setattr(docker, "answers", lambda: True)
        assert services.look(layout).plan == "Docker"
        assert services.provide(layout, yes=True).docker

    def test_a_machine_that_offers_nothing_gets_instructions(self, bare_machine, layout):
        with pytest.raises(SetupError) as missing:
            services.provide(layout, yes=True)
        assert "DATABASE_URL" in missing.value.fix


class TestProvide:
    def test_leaves_alone_what_another_run_is_fetching(self, bare_machine, layout, tmp_path):
        whole = server(tmp_path, "btree_gist", "postgis")
        bare_machine.setattr(services, "_servers", lambda _unpacked: [whole])
        bare_machine.setattr(services, "_redis", lambda _unpacked: whole)
        fetching = layout.local / "apt"
        fetching.mkdir()
        with locks.holding(layout.setup_lock):
            second = threading.Thread(target=services.provide, args=(layout,), kwargs={"yes": True})
            second.start()
            second.join(0.2)
            assert second.is_alive()
            assert fetching.exists()
        second.join()
        assert not fetching.exists()


class TestHasPostgis:
    def test_wants_both_extensions(self, tmp_path):
        assert services.has_postgis(server(tmp_path / "a", "postgis", "btree_gist"))
        assert not services.has_postgis(server(tmp_path / "b", "postgis"))

    def test_wants_the_library_and_not_only_its_description(self, tmp_path):
        assert not services.has_postgis(server(tmp_path, "postgis", "btree_gist", library=False))

    def test_the_version_is_read_from_the_folder(self, tmp_path):
        assert services.major_version(server(tmp_path)) == 15


class TestUnpacked:
    def test_plain_control_files_are_linked(self, tmp_path):
        binaries = server(tmp_path, "postgis-3", "postgis_topology-3", "btree_gist")
        debian.link_postgis(tmp_path)
        assert services.has_postgis(binaries)

    def test_libraries_in_folders_of_their_own_are_found(self, tmp_path):
        for name in (
            "x86_64-linux-gnu/libpq.so.5",
            "x86_64-linux-gnu/blas/libblas.so.3",
            "postgresql/15/lib/postgis-3.so",
        ):
            (tmp_path / "usr/lib" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "usr/lib" / name).touch()
        found = debian.library_path(tmp_path).split(":")
        assert found == [str(tmp_path / "usr/lib" / name) for name in ("x86_64-linux-gnu", "x86_64-linux-gnu/blas")]

    def test_servers_installed_for_the_machine_are_fetched_all_the_same(self):
        left = debian._without(DPKG, debian.ALWAYS_FETCHED)
        assert "bash" in left
        assert "libgdal32" in left
        assert "postgresql-15" not in left
        assert "redis-tools" not in left


class TestDockerPorts:
    def test_only_what_is_missing_runs_in_a_container(self, bare_machine, layout, tmp_path):
        programs = services.Programs(postgres=tmp_path, redis=None, docker=True)
        docker.choose_ports(layout, programs)
        assert list(docker.ports(layout)) == ["redis"]
        (redis,) = docker.services(layout, role="fleetsync")
        assert redis.argv[:2] == ["docker", "run"]
        assert f"127.0.0.1:{docker.ports(layout)['redis']}:6379" in redis.argv
