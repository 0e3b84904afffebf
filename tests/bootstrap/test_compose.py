"""docker-compose.yml runs what the runner runs; no engine is needed to see that."""

import pytest
import yaml

from fleetsync.bootstrap.docker import IMAGES
from fleetsync.bootstrap.processes import FLEET, PLATFORM

PORTS = {"api": "8000", "live": "8001"}
OURS = [*PLATFORM, FLEET]


@pytest.fixture
def services(project):
    return yaml.safe_load((project / "docker-compose.yml").read_text())["services"]


def test_has_every_process_and_what_they_stand_on(services):
    assert set(services) == {"db", "redis", "proxy", "setup"} | {process.name for process in OURS}


@pytest.mark.parametrize("process", OURS, ids=lambda process: process.name)
def test_commands_are_those_of_the_process_table(services, process):
    expected = [
        part.format(host="0.0.0.0", port=PORTS.get(process.name), local="/run/fleetsync") for part in process.argv
    ]
    if expected[0] == "manage.py":
        expected.insert(0, "python")
    assert services[process.name]["command"] == expected


def test_every_lasting_service_has_a_health_check(services):
    lasting = {name for name, service in services.items() if service.get("restart") != "no"}
    assert {name for name in lasting if "healthcheck" not in services[name]} == set()


@pytest.mark.parametrize("process", OURS, ids=lambda process: process.name)
def test_processes_wait_for_healthy_services_and_run_as_nobody_special(services, process):
    service = services[process.name]
    assert service["depends_on"]["db"]["condition"] == "service_healthy"
    assert service["depends_on"]["redis"]["condition"] == "service_healthy"
    assert service["depends_on"]["setup"]["condition"] == "service_completed_successfully"
    assert service["user"] == "fleetsync"
    assert "ports" not in service


def test_only_the_simulated_city_needs_a_profile(services):
    assert {name: service["profiles"] for name, service in services.items() if "profiles" in service} == {
        "fleet": ["demo"]
    }


def test_images_are_the_ones_the_bootstrap_uses(services):
    assert {"postgres": services["db"]["image"], "redis": services["redis"]["image"]} == IMAGES


def test_data_is_kept_in_a_named_volume(services, project):
    volumes = yaml.safe_load((project / "docker-compose.yml").read_text())["volumes"]
    assert "database" in volumes
    assert services["db"]["volumes"] == ["database:/var/lib/postgresql/data"]


def test_the_proxy_knows_the_addresses_of_both_servers(project):
    conf = (project / "deploy" / "nginx.conf").read_text()
    assert f"server api:{PORTS['api']}" in conf
    assert f"http://live:{PORTS['live']}" in conf


def test_every_setting_compose_gives_is_one_that_settings_read(services, project):
    known = (project / ".env.example").read_text()
    given = services["api"]["environment"]
    assert [name for name in given if f"{name}=" not in known] == []
