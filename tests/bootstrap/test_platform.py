"""A platform on its way from its database to its processes."""

import os
import sys

import pytest

from fleetsync.bootstrap import children, database, locks, platform, state


@pytest.fixture
def made(layout):
    """A platform that is ready to run, with its locks."""
    home = state.folder(layout, "demo")
    return platform.Platform(
        layout=layout,
        purpose="demo",
        home=home,
        addresses=database.planned(layout),
        env=dict(os.environ),
        ports={},
        health=layout.health,
        locks=[locks.take(state.lock(home)), database.begin_use(layout)],
    )


class TestInBackground:
    @pytest.mark.parametrize("code", ["exec sleep 600", "trap '' TERM; while :; do sleep 1; done"])
    def test_who_interrupts_the_start_leaves_nothing_running_and_nothing_locked(
        self, made, monkeypatch, capsys, tmp_path, code
    ):
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n{code}\n")
        program.chmod(0o755)

        def interrupted(_home):
            if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip():
                raise KeyboardInterrupt
            return state.State()

        monkeypatch.setattr(sys, "executable", str(program))
        monkeypatch.setattr(state, "load", interrupted)
        monkeypatch.setattr(platform, "END_WITHIN_S", 0.3)
        with pytest.raises(KeyboardInterrupt):
            platform.in_background(made, ())
        platform.end(made)
        assert children.birth_of(int((tmp_path / "pid").read_text())) is None
        assert not state.is_running(made.home)
