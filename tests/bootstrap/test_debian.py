"""Installing for the whole machine leaves no trace on it."""

import os
import signal
import subprocess
import sys

import pytest

from fleetsync.bootstrap import debian, locks

POLICY, CLUSTERS = debian.OURS


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """The two files in a folder of the test; returns them and the lock."""
    files = {tmp_path / path.name: words for path, words in debian.OURS.items()}
    monkeypatch.setattr(debian, "OURS", files)
    monkeypatch.setattr(debian, "INSTALLING", tmp_path / "lock")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return [tmp_path / POLICY.name, tmp_path / CLUSTERS.name]


class TestNothingStarts:
    def test_holds_for_the_length_of_the_install(self, machine):
        policy, clusters = machine
        with debian._nothing_starts():
            assert subprocess.run([policy], check=False).returncode == 101
            assert clusters.read_text() == "create_main_cluster = false\n"
        assert not policy.exists()
        assert not clusters.exists()

    def test_keeps_the_policy_of_the_machine(self, machine):
        policy, _ = machine
        policy.write_text("#!/bin/sh\nexit 0\n")
        with debian._nothing_starts():
            assert policy.read_text() == "#!/bin/sh\nexit 0\n"
        assert policy.exists()

    def test_a_leftover_of_ours_goes_with_it(self, machine):
        policy, _ = machine
        policy.write_text(debian.OURS[policy][0])
        with debian._nothing_starts():
            pass
        assert not policy.exists()


class TestRemoveLeftovers:
    def test_removes_what_a_killed_install_left_and_nothing_else(self, machine):
        policy, clusters = machine
        policy.write_text("#!/bin/sh\n# of the image\nexit 101\n")
        clusters.write_text(debian.OURS[clusters][0])
        debian.remove_leftovers()
        assert policy.exists()
        assert not clusters.exists()
        policy.write_text(debian.OURS[policy][0])
        debian.remove_leftovers()
        assert not policy.exists()

    def test_leaves_alone_what_another_clone_installs_with(self, machine):
        policy, _ = machine
        with debian._nothing_starts():
            debian.remove_leftovers()
            assert policy.exists()
        assert not locks.is_held(debian.INSTALLING)


class TestSignals:
    PROGRAM = """
import sys, time
from fleetsync.bootstrap import cli
def wait(_layout, _options):
    try:
        print("waiting", flush=True)
        time.sleep(600)
    finally:
        print("cleaned up", flush=True)
cli.COMMANDS["down"] = wait
sys.exit(cli.main(["down"]))
"""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_closing_the_terminal_lets_a_command_clean_up(self, project, number):
        child = subprocess.Popen([sys.executable, "-c", self.PROGRAM], cwd=project, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(number)
        assert child.communicate(timeout=10)[0] == "cleaned up\n"
        assert child.returncode == 128 + number

    def test_nohup_is_heard(self, project):
        child = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM],
            cwd=project,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        )
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
        child.terminate()
        assert child.communicate(timeout=10)[0] == "cleaned up\n"
