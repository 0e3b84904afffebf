"""Cleaning up takes nothing away from whoever is at work."""

import argparse

import pytest

from fleetsync.bootstrap import commands, database, locks, state
from fleetsync.bootstrap.terminal import SetupError

YES = argparse.Namespace(env=False, dry_run=False, yes=True)


class TestClean:
    def test_removes_everything_of_the_clone(self, layout):
        (layout.data / "postgres-15").mkdir(parents=True)
        assert commands.clean(layout, YES) == 0
        assert not layout.local.exists()
        assert layout.venv.exists()

    def test_leaves_all_of_it_to_a_test_run(self, layout):
        using = database.begin_use(layout)
        with pytest.raises(SetupError, match=r"A test run.* nothing was removed"):
            commands.clean(layout, YES)
        assert layout.logs.exists()
        locks.release(using)
        assert commands.clean(layout, YES) == 0

    @pytest.mark.parametrize("purpose", state.APART)
    def test_leaves_all_of_it_to_a_platform_apart(self, layout, purpose):
        state.folder(layout, purpose).mkdir()
        running = locks.take(state.lock(state.folder(layout, purpose)))
        with pytest.raises(SetupError, match=f"A {purpose} still uses"):
            commands.clean(layout, YES)
        locks.release(running)

    def test_leaves_all_of_it_to_who_is_still_installing(self, layout):
        with locks.holding(layout.setup_lock), pytest.raises(SetupError, match="just starting"):
            commands.clean(layout, YES)
        assert layout.local.exists()

    def test_names_what_cannot_be_removed(self, layout, monkeypatch):
        stuck = layout.local / "stuck"
        stuck.touch()
        real = commands.shutil.rmtree

        def refuse(path, *, ignore_errors=False):
            if not ignore_errors:
                raise PermissionError(1, "Operation not permitted", str(stuck))

        monkeypatch.setattr(commands.shutil, "rmtree", refuse)
        with pytest.raises(SetupError, match="stuck: Operation not permitted"):
            commands.clean(layout, YES)
        monkeypatch.setattr(commands.shutil, "rmtree", real)
