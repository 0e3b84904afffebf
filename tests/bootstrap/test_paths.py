"""Folders of one clone, shared with no other."""

import dataclasses
import os
import pwd
from pathlib import Path

import pytest

from fleetsync.bootstrap import paths
from fleetsync.bootstrap.terminal import SetupError


@pytest.fixture
def as_normal_user(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1234)


class TestFindLayout:
    def test_two_clones_share_nothing(self, tmp_path):
        one, other = (paths.find_layout(tmp_path / name) for name in ("one", "other"))
        assert one.instance != other.instance
        assert not {one.local, one.data, one.sockets} & {other.local, other.data, other.sockets}

    def test_a_normal_user_keeps_everything_in_the_clone(self, as_normal_user):
        layout = paths.find_layout(Path("/srv/fleetsync"))
        assert layout.service_user is None
        assert layout.owned == (Path("/srv/fleetsync/.local"),)

    @pytest.mark.parametrize("name", ["long" * 30, "My Projects", "naïve"])
    def test_sockets_leave_a_clone_whose_path_they_cannot_have(self, as_normal_user, monkeypatch, name):
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        layout = paths.find_layout(Path("/srv") / name)
        assert len(str(layout.sockets)) <= paths.LONGEST_SOCKET_FOLDER
        assert layout.instance in layout.sockets.name
        assert layout.sockets in layout.owned  # `clean` removes it too

    def test_root_keeps_data_where_the_service_user_can_reach_it(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        layout = paths.find_layout(Path("/root/fleetsync"))
        assert Path("/root") not in layout.data.parents
        assert layout.data in layout.owned
        assert layout.service_user


class TestMakeServiceFolders:
    def test_keeps_others_out_and_may_be_repeated(self, layout):
        paths.make_service_folders(layout)
        paths.make_service_folders(layout)
        assert {oct(folder.stat().st_mode & 0o777) for folder in (layout.data, layout.sockets, layout.health)} == {
            "0o700"
        }

    def test_a_link_in_the_place_of_a_folder_is_refused(self, layout, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        layout.sockets.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SetupError, match="in the way"):
            paths.make_service_folders(layout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a service user")
class TestServiceUser:
    @pytest.fixture
    def rooted(self, layout, tmp_path):
        return dataclasses.replace(
            layout, as_root=True, data=tmp_path / "lib" / "x", sockets=tmp_path / "lib" / "x" / "run"
        )

    @pytest.fixture
    def accounts(self, monkeypatch):
        """Accounts of this machine by other names; a test adds `postgres` as its packages would."""
        there = {"nobody": pwd.getpwnam("nobody"), "postgres": None}
        real = pwd.getpwnam

        def look(name):
            if there.get(name, real) is None or name == "redis":
                raise KeyError(name)
            return there.get(name) or real(name)

        monkeypatch.setattr(pwd, "getpwnam", look)
        return there

    def test_reaches_its_folder_whatever_umask_root_has_or_had(self, rooted):
        before = os.umask(0o077)
        try:
            paths.make_service_folders(rooted)
            assert rooted.data.parent.stat().st_mode & 0o777 == 0o755
            rooted.data.parent.chmod(0o700)  # as an earlier run left it
            paths.make_service_folders(rooted)
            assert rooted.data.parent.stat().st_mode & 0o777 == 0o755
            assert rooted.data.stat().st_mode & 0o777 == 0o700
        finally:
            os.umask(before)

    def test_is_the_best_account_once_packages_have_made_it(self, rooted, accounts):
        paths.make_folders(rooted)
        assert rooted.service_user == "nobody"
        accounts["postgres"] = pwd.getpwuid(1)
        assert rooted.service_user == "postgres"

    def test_stays_whose_the_files_are_when_a_better_account_comes(self, rooted, accounts):
        paths.make_service_folders(rooted)
        accounts["postgres"] = pwd.getpwuid(1)
        paths.make_service_folders(rooted)
        assert rooted.service_user == "nobody"
        assert rooted.sockets.owner() == "nobody"

    def test_owns_what_another_account_left_in_its_folder(self, rooted, accounts):
        (rooted.data / "postgres-15" / "base").mkdir(parents=True)
        os.chown(rooted.data / "postgres-15", 1, 1)
        (rooted.data / "postgres-15" / "base" / "out").symlink_to("/etc/passwd")
        paths.make_service_folders(rooted)
        found = [rooted.data, *rooted.data.rglob("*")]
        assert {path.lstat().st_uid for path in found} == {pwd.getpwnam("nobody").pw_uid}
        assert Path("/etc/passwd").stat().st_uid == 0
