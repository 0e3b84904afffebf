"""docker-compose.yml runs what the runner runs; no engine is needed to see that."""

import subprocess

import pytest
import yaml

from accounts import documents
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


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("demo", ["manage.py migrate --noinput", "manage.py seed --seed 1"]),
        ("production", ["manage.py migrate --noinput"]),
    ],
)
def test_only_the_demo_gets_a_city(services, tmp_path, kind, told):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$*"\n')
    python.chmod(0o755)
    argv = [part.replace("$$", "$") for part in services["setup"]["command"]]
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "FLEETSYNC_ENV": kind}
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()) == (0, told)


def test_the_one_port_is_open_to_this_machine_alone(services):
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "proxy": ["${FLEETSYNC_BIND:-127.0.0.1}:${FLEETSYNC_PORT:-8080}:8080"]
    }


@pytest.mark.parametrize("process", OURS, ids=lambda process: process.name)
def test_settings_may_stand_in_a_file(services, process):
    assert services[process.name]["env_file"] == [{"path": ".env", "required": False}]


def test_data_is_kept_in_named_volumes(services, project):
    volumes = yaml.safe_load((project / "docker-compose.yml").read_text())["volumes"]
    assert set(volumes) == {"database", "files"}
    assert services["db"]["volumes"] == ["database:/var/lib/postgresql/data"]


def test_private_files_outlive_the_container_in_a_folder_its_user_may_write(services, project):
    folder = services["api"]["environment"]["FLEETSYNC_FILES_DIR"]
    assert services["api"]["volumes"] == [f"files:{folder}"]
    assert f"install -d -o {services['api']['user']} -m 700 {folder}\n" in (project / "Dockerfile").read_text()


def test_the_proxy_knows_the_addresses_of_both_servers(project):
    conf = (project / "deploy" / "nginx.conf").read_text()
    assert f"server api:{PORTS['api']}" in conf
    assert f"http://live:{PORTS['live']}" in conf


def test_the_proxy_lets_the_largest_document_through(project):
    conf = (project / "deploy" / "nginx.conf").read_text()
    assert documents.MOST_BYTES < 6 << 20
    assert "client_max_body_size 6m;" in conf


def test_every_setting_compose_gives_is_one_that_settings_read(services, project):
    known = (project / ".env.example").read_text()
    given = services["api"]["environment"]
    assert [name for name in given if f"{name}=" not in known] == []
