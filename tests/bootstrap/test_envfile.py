"""`.env.example` is made from the settings."""

import pytest

from fleetsync.bootstrap import envfile

SOURCE = """
import environ
env = environ.Env()

# --- Addresses ----

# Where people find us,
# port included.
URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
# Signs things.
SECRET = env.str("SITE_KEY", default="do-not-show")
# Needed.
NEEDED = env.int("NEEDED")
# --- Work ----
# Threads.
THREADS = env.int("THREADS", default=2 * 2)
# Connections.
CONNECTIONS = env.int("CONNECTIONS", default=THREADS + 2)
# How long the key is good for.
KEY_LIFE_S = env.int("KEY_LIFE_S", default=3600)
"""


class TestSettingsOf:
    def test_finds_each_with_its_meaning_default_and_section(self):
        url, key, needed, threads, connections, _ = envfile.settings_of(SOURCE)
        assert (url.name, url.meaning, url.default) == (
            "SITE_URL",
            "Where people find us, port included.",
            "http://127.0.0.1:8000",
        )
        assert url.section == key.section == "Addresses"
        assert needed.default is None
        assert (threads.section, threads.literal, threads.default) == ("Work", True, "4")
        assert (connections.literal, connections.default) == (False, "THREADS + 2")

    def test_a_setting_without_meaning_is_refused(self):
        with pytest.raises(ValueError, match=r"settings\.py:1: LOST has no comment"):
            envfile.settings_of('LOST = env.str("LOST", default="")\n')


class TestRender:
    def test_shows_no_default_of_a_secret(self):
        text = envfile.render(envfile.settings_of(SOURCE))
        assert "do-not-show" not in text
        assert "# SITE_KEY=\n" in text
        assert "\nNEEDED=\n" in text

    def test_shows_numbers_whatever_they_are_about(self):
        text = envfile.render(envfile.settings_of(SOURCE))
        assert "# KEY_LIFE_S=3600\n" in text
        assert "# THREADS=4\n" in text

    def test_tells_what_a_default_is_made_of(self):
        text = envfile.render(envfile.settings_of(SOURCE))
        assert "# Default: THREADS + 2\n# CONNECTIONS=\n" in text

    def test_the_file_in_the_project_is_what_settings_say(self, project):
        text = envfile.render(envfile.settings_of((project / "fleetsync" / "settings.py").read_text()))
        assert (project / ".env.example").read_text() == text, "run: python3 -m fleetsync.bootstrap.envfile"
