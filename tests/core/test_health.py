"""Who is there, who is missing, and how to start it."""

import http.client
import json
import socket
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError

from fleetsync.core import clock, health
from fleetsync.core.checks import connections_wanted, pools_fit
from fleetsync.core.models import Heartbeat


@pytest.mark.django_db
class TestReadyz:
    def test_names_what_is_missing_and_how_to_start_it(self, client):
        health.leave_heartbeat("worker", {})
        answer = client.get("/readyz")
        assert answer.status_code == 200
        body = answer.json()
        assert (body["ready"], body["database"], body["redis"]) == (True, True, True)
        assert body["missing"] == [
            {"process": "relay", "start": "python3 manage.py run_relay"},
            {"process": "flusher", "start": "python3 manage.py run_flusher"},
        ]

    def test_names_nothing_when_all_are_there(self, client):
        for name in health.NEEDED:
            health.leave_heartbeat(name, {"due": 1})
        assert client.get("/readyz").json()["missing"] == []

    def test_calls_a_process_missing_after_15_seconds_of_silence(self):
        health.leave_heartbeat("relay", {})
        Heartbeat.objects.update(beat_at=clock.real_now() - timedelta(seconds=16))
        assert "relay" in health.missing()

    def test_is_not_ready_without_the_database(self, client, monkeypatch):
        def away():
            raise DatabaseError

        monkeypatch.setattr(health, "missing", away)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"], answer.json()["database"]) == (503, False, False)


@pytest.mark.django_db
class TestLeaveHeartbeat:
    def test_keeps_one_row_a_process_and_forgets_the_dead(self):
        Heartbeat.objects.create(
            process="relay", host="old", pid=1, beat_at=clock.real_now() - timedelta(hours=2), facts={}
        )
        health.leave_heartbeat("relay", {"look": 1})
        health.leave_heartbeat("relay", {"look": 2})
        assert [(row.pid > 1, row.facts) for row in Heartbeat.objects.all()] == [(True, {"look": 2})]


class TestServe:
    def test_answers_on_a_socket_of_its_own(self, settings, monkeypatch):
        monkeypatch.setattr(health, "_keep_beating", lambda name, check: None)
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            settings.FLEETSYNC_HEALTH_DIR = folder
            answers = iter([(True, {"due": 3}), (False, {"due": 9})])

            def check():
                try:
                    return next(answers)
                except StopIteration:
                    raise RuntimeError from None

            health.serve("test", check)
            assert self.ask(folder, "/readyz") == (200, {"ready": True, "due": 3})
            assert self.ask(folder, "/readyz") == (503, {"ready": False, "due": 9})
            assert self.ask(folder, "/readyz") == (503, {"ready": False, "error": "RuntimeError"})
            assert self.ask(folder, "/livez") == (200, {"ready": True})

    def ask(self, folder: str, route: str):
        path = Path(folder) / "test.sock"
        connection = http.client.HTTPConnection("localhost")
        for _ in range(50):
            try:
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.connect(str(path))
                break
            except OSError:
                time.sleep(0.02)
        connection.request("GET", route)
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return response.status, {name: value for name, value in body.items() if name not in ("process", "pid")}


@pytest.mark.django_db
class TestPoolsFit:
    def test_says_nothing_when_they_do(self, settings):
        settings.FLEETSYNC_PROCESSES, settings.FLEETSYNC_POOL_MAX = 6, 6
        assert connections_wanted() == 41
        assert pools_fit(None, databases=["default"]) == []

    def test_refuses_more_than_postgresql_allows(self, settings):
        settings.FLEETSYNC_PROCESSES, settings.FLEETSYNC_POOL_MAX = 100, 100
        (error,) = pools_fit(None, databases=["default"])
        assert error.id == "fleetsync.E001"
        assert "want 10005 connections" in error.msg

    def test_asks_nothing_where_no_database_is_named(self, settings):
        settings.FLEETSYNC_PROCESSES = 10_000
        assert pools_fit(None, databases=None) == []
