"""docs/api.md is run line by line: what it tells is what happens."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from fleetsync.core import clock
from restaurants.models import Zone
from simulation.city import make_city
from simulation.seeding import seed_city
from tests.factories import DispatchPolicyFactory
from tests.journeys.machinery import Machinery

PAGE = Path(django_settings.BASE_DIR) / "docs" / "api.md"


def blocks() -> list[str]:
    """Return the page's shell blocks in order."""
    return re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_walks_one_order_to_the_door(self, live_server, settings, relay):
        if not shutil.which("curl") or not shutil.which("bash"):
            pytest.skip("the page is for bash and curl, which are not installed")
        settings.FLEETSYNC_PUBLIC_URL = live_server.url
        seed_city(city=make_city(seed=1, restaurants=2, drivers=1, customers=1), now=clock.now())
        DispatchPolicyFactory(zone=Zone.objects.get(), parameters={"strategy": "nearest"}, status="ACTIVE")
        script = "\n".join(["set -euo pipefail", *blocks()])
        with Machinery(relay, Zone.objects.get().pk).beside():
            done = subprocess.run(
                ["bash"],
                input=script,
                env={**os.environ, "B": live_server.url},
                capture_output=True,
                text=True,
                timeout=150,
            )
        said = done.stdout.splitlines()
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        steps = ["304", "ACCEPTED", "PREPARING", "ARRIVED_AT_PICKUP", "READY", "ARRIVED_AT_DROPOFF", "DELIVERED", "200"]
        assert [line for line in said if line in steps] == [*steps[:-1], "DELIVERED", "200"]
        assert any(line.startswith("HTTP/1.1 202") for line in said)
        assert any("'order.placed'), " in line and line.endswith("'order.delivered')]") for line in said)
