"""The environment is made once, then recognised."""

import shutil
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from fleetsync.bootstrap import interpreter


@pytest.fixture
def requirements(layout):
    (layout.project / "requirements.txt").write_text("# why\nDjango==5.2.19   # the framework\n\nredis<8\n")
    (layout.project / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0\n")
    (layout.venv / ".fleetsync-made").touch()
    return layout


class TestIsReady:
    def test_is_false_until_stamped(self, requirements):
        assert not interpreter.is_ready(requirements)

    def test_comments_do_not_count_but_packages_do(self, requirements):
        before = interpreter.fingerprint(requirements, "requirements-dev.txt")
        (requirements.project / "requirements.txt").write_text("Django==5.2.19\nredis<8\n")
        assert interpreter.fingerprint(requirements, "requirements-dev.txt") == before
        (requirements.project / "requirements.txt").write_text("Django==5.2.20\nredis<8\n")
        assert interpreter.fingerprint(requirements, "requirements-dev.txt") != before


class TestPrepare:
    def test_installs_once_with_uv_and_then_does_nothing(self, requirements, monkeypatch, capsys):
        ran = []
        monkeypatch.setattr(interpreter, "run", lambda argv, **_: ran.append([str(part) for part in argv]) or "")
        monkeypatch.setattr(interpreter.shutil, "which", lambda name: f"/usr/bin/{name}")
        interpreter.prepare(requirements, interpreter.TESTING)
        interpreter.prepare(requirements, interpreter.TESTING)
        interpreter.prepare(requirements, interpreter.RUNNING)  # testing includes running
        assert len(ran) == 1
        assert ran[0][:3] == ["/usr/bin/uv", "pip", "install"]

    def test_pip_takes_over_where_uv_fails(self, requirements, monkeypatch, capsys):
        ran = []

        def run(argv, **_):
            ran.append(str(argv[0]))
            if str(argv[0]).endswith("/uv"):
                raise interpreter.SetupError("no route to the index")
            return ""

        monkeypatch.setattr(interpreter, "run", run)
        monkeypatch.setattr(interpreter.shutil, "which", lambda name: f"/usr/bin/{name}")
        interpreter.prepare(requirements)
        assert ran == ["/usr/bin/uv", str(requirements.python)]
        assert interpreter.is_ready(requirements)

    def test_the_second_of_two_first_runs_waits_and_installs_nothing(self, requirements, monkeypatch, capsys):
        ran, begun, go_on = [], threading.Event(), threading.Event()

        def run(argv, **_):
            ran.append(argv)
            begun.set()
            assert go_on.wait(10)
            return ""

        monkeypatch.setattr(interpreter, "run", run)
        monkeypatch.setattr(interpreter.shutil, "which", lambda name: f"/usr/bin/{name}")
        runs = [threading.Thread(target=interpreter.prepare, args=(requirements,)) for _ in range(2)]
        runs[0].start()
        assert begun.wait(10)
        runs[1].start()
        time.sleep(0.2)
        go_on.set()
        for each in runs:
            each.join()
        assert len(ran) == 1
        assert "waiting for it" in capsys.readouterr().out


class TestIsWhole:
    @pytest.fixture
    def bare(self, layout):
        shutil.rmtree(layout.venv)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", layout.venv], check=True)
        return layout

    def test_an_environment_that_was_left_half_made_is_made_anew(self, bare, monkeypatch, capsys):
        made = []
        monkeypatch.setattr(interpreter, "_make_venv", lambda *_: made.append(1))
        monkeypatch.setattr(interpreter, "run", lambda *_, **__: "")
        monkeypatch.setattr(interpreter.shutil, "which", lambda name: f"/usr/bin/{name}")
        (bare.project / "requirements.txt").write_text("redis<8\n")
        assert not interpreter._is_whole(bare)
        interpreter.prepare(bare)
        assert made == [1]
        assert interpreter._is_whole(bare)

    def test_one_from_before_there_was_a_mark_is_kept(self, bare):
        (bare.venv / ".fleetsync-requirements.txt").write_text("older")
        assert interpreter._is_whole(bare)

    def test_one_made_by_hand_is_kept(self, bare):
        site = next(bare.venv.glob("lib/python3*/site-packages"))
        (site / "pip-1.dist-info").mkdir()
        (site / "pip-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: pip\nVersion: 1\n")
        assert not interpreter._is_whole(bare)  # somebody is still at it, or was
        (site / "pip-1.dist-info" / "RECORD").write_text("pip/__init__.py,,\n")
        assert interpreter._is_whole(bare)

    def test_one_made_by_uv_needs_no_pip(self, bare):
        (bare.venv / "pyvenv.cfg").open("a").write("uv = 0.9.0\n")
        assert interpreter._is_whole(bare)


class TestUvEnvironment:
    def test_uv_asks_where_pip_is_configured_to_ask(self, layout, monkeypatch):
        for name in interpreter.UV_NAMES.values():
            monkeypatch.delenv(name, raising=False)
        said = (
            "global.index-url='http://mirror/simple'\n:env:.find-links='/wheels'\nglobal.extra-index-url='http://b'\n"
        )
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=said))
        env = interpreter._uv_environment(layout)
        assert env["UV_DEFAULT_INDEX"] == "http://mirror/simple"
        assert env["UV_FIND_LINKS"] == "/wheels"
        assert (env["UV_INDEX"], env["UV_INDEX_STRATEGY"]) == ("http://b", "unsafe-best-match")


def test_libraries_of_the_caller_are_not_handed_on():
    env = interpreter.forget_inherited({"PATH": "/bin", "PROJ_DATA": "/x", "LD_LIBRARY_PATH": "/y", "PYTHONPATH": "/z"})
    assert env == {"PATH": "/bin"}
