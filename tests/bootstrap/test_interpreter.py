"""The environment is made once, then recognised."""

import subprocess
from types import SimpleNamespace

import pytest

from fleetsync.bootstrap import interpreter


@pytest.fixture
def requirements(layout):
    (layout.project / "requirements.txt").write_text("# why\nDjango==5.2.19   # the framework\n\nredis<8\n")
    (layout.project / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0\n")
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
