"""What one command leaves for the next."""

import socket
import subprocess
import sys

from fleetsync.bootstrap import ports, state


def test_ports_stay_the_same_while_they_are_free(layout):
    first = state.choose_ports(layout.local)
    state.save(layout.local, state.State(ports=first))
    assert state.choose_ports(layout.local) == first


def test_a_taken_port_moves_to_the_next_free_one(layout):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        state.save(layout.local, state.State(ports={"api": taken, "live": taken}))
        chosen = state.choose_ports(layout.local)
    assert taken not in chosen.values()
    assert chosen["api"] != chosen["live"]


def test_a_port_that_another_clone_is_about_to_use_is_left_to_it(layout):
    code = """
import sys
from fleetsync.bootstrap import ports
port = ports.free_port(0 + int(sys.argv[1]), keep=True)
print(port, flush=True)
sys.stdin.read()
"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        near = probe.getsockname()[1]
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(near)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        claimed = int(other.stdout.readline())
        assert ports.is_free(claimed)  # nobody listens yet
        assert ports.free_port(claimed, keep=True) > claimed
    finally:
        other.communicate("")
    assert ports.free_port(claimed, keep=True) == claimed  # the claim went with its holder


def test_what_is_saved_is_what_is_loaded(layout):
    running = state.Running(pid=7, birth="99", since=1.5, restarts=2, ready=True)
    saved = state.State(
        purpose="demo", runner=5, birth="3", ready=True, ports={"api": 8000}, processes={"api": running}
    )
    state.save(layout.local, saved)
    assert state.load(layout.local) == saved


def test_a_broken_file_is_an_empty_state(layout):
    (layout.local / "state.json").write_text("{")
    assert state.load(layout.local) == state.State()


def test_a_replay_keeps_its_state_apart(layout):
    assert state.folder(layout, "replay") != state.folder(layout, "demo")
