"""Map tiles: byte ranges of a local file, and a policy that opens for the tiles' origin alone."""

import pytest
from django.test import Client

from fleetsync.core.middleware import policy


@pytest.fixture
def archive(tmp_path, settings):
    path = tmp_path / "city.pmtiles"
    path.write_bytes(b"PMTiles\x03" + bytes(range(200)))
    settings.FLEETSYNC_TILES_FILE = str(path)
    return path


class TestTiles:
    def test_answers_the_bytes_asked_for(self, archive):
        answer = Client().get("/tiles.pmtiles", HTTP_RANGE="bytes=0-7")
        assert (answer.status_code, answer.content) == (206, b"PMTiles\x03")
        assert answer["Content-Range"] == "bytes 0-7/208"
        assert Client().get("/tiles.pmtiles", HTTP_RANGE="bytes=200-16383").content == bytes(range(192, 200))

    @pytest.mark.parametrize("asked", ["", "bytes=208-300", "bytes=-5", "bytes=0-1,4-5", "lines=0-1"])
    def test_refuses_what_is_no_range_of_the_file(self, archive, asked):
        answer = Client().get("/tiles.pmtiles", HTTP_RANGE=asked)
        assert (answer.status_code, answer["Content-Range"], answer.content) == (416, "bytes */208", b"")

    def test_is_not_there_without_the_setting(self, settings):
        settings.FLEETSYNC_TILES_FILE = ""
        assert Client().get("/tiles.pmtiles", HTTP_RANGE="bytes=0-7").status_code == 404


class TestPolicy:
    def test_names_no_origin_of_tiles_by_default(self, settings):
        settings.FLEETSYNC_TILES_URL = ""
        assert "img-src 'self' data:;" in policy(loose=False)

    def test_opens_for_the_origin_of_the_address_alone(self, settings):
        settings.FLEETSYNC_TILES_URL = "https://tiles.example:8443/{z}/{x}/{y}.png"
        assert "img-src 'self' data: https://tiles.example:8443;" in policy(loose=False)

    def test_stays_shut_with_a_file_of_our_own(self, settings, archive):
        settings.FLEETSYNC_TILES_URL = "https://tiles.example/{z}/{x}/{y}.png"
        assert "tiles.example" not in policy(loose=False)

    def test_lets_images_of_an_archive_in_as_blobs(self, settings, archive):
        assert "img-src 'self' data: blob:;" in policy(loose=False)
        settings.FLEETSYNC_TILES_FILE, settings.FLEETSYNC_TILES_URL = "", "https://tiles.example/city.pmtiles"
        assert "img-src 'self' data: https://tiles.example blob:;" in policy(loose=False)


class TestFavicon:
    def test_is_found_where_browsers_look(self):
        assert Client().get("/favicon.ico")["Location"].endswith("fleetsync/favicon.svg")
