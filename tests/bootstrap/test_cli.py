"""The command line before anything is installed."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fleetsync.bootstrap import arguments
from fleetsync.bootstrap.cli import COMMANDS, main
from fleetsync.bootstrap.paths import find_layout

BARE = [sys.executable, "-I", "-S"]  # no site-packages: what a fresh machine has


@pytest.fixture
def fresh_clone(tmp_path: Path, project: Path) -> Path:
    clone = tmp_path / "clone"
    shutil.copytree(project / "fleetsync" / "bootstrap", clone / "fleetsync" / "bootstrap")
    for name in ("manage.py", "fleetsync/__init__.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(project / name, clone / name)
    return clone


def manage(clone: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(clone)!r}); from fleetsync.bootstrap.cli import main; sys.exit(main(sys.argv[1:]))"
    env = {"PATH": os.environ["PATH"], "HOME": str(clone)}
    return subprocess.run([*BARE, "-c", program, *argv], cwd=clone, env=env, capture_output=True, text=True)


class TestWithoutAnythingInstalled:
    def test_only_the_standard_library_is_imported(self, project):
        program = (
            f"import sys; sys.path.insert(0, {str(project)!r}); import fleetsync.bootstrap.cli;"
            "print(sorted({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__', 'fleetsync'}))"
        )
        said = subprocess.run([*BARE, "-c", program], capture_output=True, text=True, check=True)
        assert said.stdout.strip() == "[]"

    def test_a_command_of_django_says_what_is_missing_and_downloads_nothing(self, fresh_clone):
        said = manage(fresh_clone, "migrate")
        assert said.returncode == 1
        assert "needs Django" in said.stderr
        assert "pip install -r requirements.txt" in said.stderr
        assert not (fresh_clone / ".venv").exists()
        assert not (fresh_clone / ".local").exists()

    @pytest.mark.parametrize(
        "argv",
        [
            ("demo", "--dry-run"),
            ("test", "--dry-run"),
            ("up", "--dry-run"),
            ("replay", "x", "--dry-run"),
            ("down",),
            ("doctor",),
        ],
    )
    def test_looking_changes_nothing(self, fresh_clone, argv):
        before = sorted(path for path in fresh_clone.rglob("*") if "__pycache__" not in path.parts)
        said = manage(fresh_clone, *argv)
        assert said.returncode == 0, said.stderr
        after = sorted(path for path in fresh_clone.rglob("*") if "__pycache__" not in path.parts)
        assert after == before

    def test_status_of_nothing_is_not_running(self, fresh_clone):
        assert manage(fresh_clone, "status").returncode == 3

    def test_no_command_lists_ours(self, fresh_clone):
        said = manage(fresh_clone)
        assert said.returncode == 0
        assert all(f"  {name} " in said.stdout for name in COMMANDS)


class TestWhatTheMachineRefuses:
    @pytest.mark.parametrize(
        ("refused", "helps"),
        [
            (OSError(errno.ENOSPC, "No space left on device"), "make room: df -h"),
            (OSError(errno.EROFS, "Read-only file system", "/srv/x/.local"), "clone to a folder that can be written"),
            (PermissionError(errno.EACCES, "Permission denied", "/srv/x/.venv"), "run as whoever owns /srv/x/.venv"),
            (OSError(errno.EMFILE, "Too many open files", "/srv/x"), "manage.py doctor"),
        ],
    )
    def test_is_told_in_a_sentence_with_its_place_and_the_next_step(self, monkeypatch, capsys, refused, helps):
        def refuse(_layout, _options):
            raise refused

        monkeypatch.setitem(COMMANDS, "down", refuse)
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        assert main(["down"]) == 1
        said = capsys.readouterr().err
        assert f"{refused.filename or find_layout().project}: {refused.strerror}." in said
        assert helps in said


class TestHelp:
    def test_every_command_has_a_summary_options_and_an_example(self):
        assert set(COMMANDS) == set(arguments.SUMMARIES) == set(arguments.EXAMPLES)
        for name in COMMANDS:
            text = arguments.parser(name).format_help()
            assert "example:" in text
            assert f"manage.py {name}" in text

    @pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"services"}))
    def test_every_example_is_accepted_by_its_parser(self, name):
        argv = arguments.EXAMPLES[name].split()[3:]
        if name == "test":
            return  # all of it is pytest's
        assert arguments.parser(name).parse_args(argv)

    @pytest.mark.parametrize(
        "argv", [["--speed", "0"], ["--speed", "nan"], ["--speed", "inf"], ["--accept", "1.5"], ["--duration", "-1"]]
    )
    def test_impossible_numbers_are_refused(self, argv, capsys):
        with pytest.raises(SystemExit) as refused:
            arguments.parser("demo").parse_args(argv)
        assert refused.value.code == 2
