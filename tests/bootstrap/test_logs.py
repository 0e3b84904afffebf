"""Reading what the processes wrote."""

import json

import pytest

from fleetsync.bootstrap import logs

TRACEBACK = """\
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    1 / 0
ZeroDivisionError: division by zero
and on it went
"""


class TestLevelOf:
    @pytest.mark.parametrize(
        ("line", "level"),
        [
            ('{"level": "info", "event": "an ERROR in words"}', "info"),
            ('{"level": "error", "event": "x"}', "error"),
            ('{"event": "no level"}', "info"),
            ("ERROR:    Exception in ASGI application", "error"),
            ("[ERROR] Application callable raised an exception", "error"),
            ("CRITICAL out of cheese", "error"),
            ("Traceback (most recent call last):", "error"),
            ("[INFO] Shutting down", "info"),
            ("no ERROR at the start", "info"),
            ("{not json", "info"),
        ],
    )
    def test_is_told_by_json_or_guessed_from_the_start(self, line, level):
        assert logs.level_of(line) == level


class TestLastPlainLines:
    def test_are_where_a_command_says_why_it_failed(self, tmp_path):
        file = tmp_path / "map.log"
        file.write_text('bar 1\n{"event": "x"}\nbar 2\n\nbar 3\nCommandError: There is no Chromium.\n{"event": "y"}\n')
        assert logs.last_plain_lines(file, 2) == ["bar 3", "CommandError: There is no Chromium."]


class TestErrors:
    def test_a_traceback_comes_with_its_lines_and_nothing_after(self, tmp_path):
        file = tmp_path / "worker.log"
        file.write_text("starting\n" + TRACEBACK)
        assert "\n".join(logs.errors(file)) + "\n" == TRACEBACK.replace("and on it went\n", "")

    def test_a_json_error_shows_its_exception(self, tmp_path):
        frames = [{"filename": "a.py", "lineno": 3, "name": "run"}]
        line = {
            "level": "error",
            "event": "broke",
            "exception": [{"exc_type": "KeyError", "exc_value": "x", "frames": frames}],
        }
        (tmp_path / "api.log").write_text(json.dumps(line) + "\n")
        (shown,) = logs.errors(tmp_path / "api.log")
        assert "broke" in shown
        assert "KeyError: x" in shown
        assert "a.py:3 in run" in shown


class TestShow:
    def test_errors_decide_the_exit_code(self, tmp_path, capsys):
        (tmp_path / "api.log").write_text('{"level": "warning", "event": "runner.restart"}\n')
        assert logs.show(tmp_path, [], only_errors=True, follow=False) == 0
        (tmp_path / "relay.log").write_text('{"level": "error", "event": "stuck"}\n')
        assert logs.show(tmp_path, [], only_errors=True, follow=False) == 1
        assert "stuck" in capsys.readouterr().out

    def test_refusals_written_by_postgresql_are_not_errors_of_ours(self, tmp_path, capsys):
        (tmp_path / "postgres.log").write_text("ERROR:  duplicate key value violates unique constraint\n")
        assert logs.show(tmp_path, [], only_errors=True, follow=False) == 0
        assert logs.show(tmp_path, ["postgres"], only_errors=True, follow=False) == 1

    def test_a_new_run_begins_with_empty_files(self, tmp_path):
        (tmp_path / "api.log").write_text("ERROR of yesterday\n")
        logs.start_afresh(tmp_path, ["api"])
        assert logs.show(tmp_path, [], only_errors=True, follow=False) == 0
        assert (tmp_path / "api.log.previous").read_text() == "ERROR of yesterday\n"
