"""Tiles for the maps of the tests: a server that answers, hangs or is gone, and archives of one tile."""

import contextlib
import math
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

SIDE, ROSE = 256, (200, 60, 120)


def png(colour: tuple[int, int, int] = ROSE) -> bytes:
    """Return an image of one tile in one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(colour) * SIDE for _ in range(SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def around(lng: float, lat: float, *, zooms: range = range(9, 15), degrees: float = 0.2) -> list[tuple[int, int, int]]:
    """Return z, x, y of the tiles that cover a city."""

    def x_of(at: float, z: int) -> int:
        return int((at + 180) / 360 * 2**z)

    def y_of(at: float, z: int) -> int:
        return int((1 - math.asinh(math.tan(math.radians(at))) / math.pi) / 2 * 2**z)

    return [
        (z, x, y)
        for z in zooms
        for x in range(x_of(lng - degrees, z), x_of(lng + degrees, z) + 1)
        for y in range(y_of(lat + degrees, z), y_of(lat - degrees, z) + 1)
    ]


def write_archive(path: Path, tile: bytes, *, kind: TileType, places: list[tuple[int, int, int]]) -> None:
    """Write a PMTiles archive that has the same tile at all these places."""
    with write(path) as archive:
        for number in sorted(zxy_to_tileid(*place) for place in places):
            archive.write_tile(number, tile)
        header = {"tile_type": kind, "tile_compression": Compression.NONE}
        archive.finalize(header, {"vector_layers": [{"id": "earth", "fields": {}}]} if kind is TileType.MVT else {})


def land(database_url: str) -> bytes:
    """Return a vector tile that is land all over, made by PostGIS."""
    query = """
        SELECT ST_AsMVT(tile, 'earth', 4096, 'geom')
        FROM (SELECT 'earth' AS kind, ST_MakeEnvelope(0, 0, 4096, 4096) AS geom) AS tile"""
    with psycopg.connect(database_url.replace("postgis://", "postgresql://", 1)) as connection:
        row = connection.execute(query).fetchone()
    return bytes(row[0]) if row else b""


class TileServer:
    """`/{z}/{x}/{y}.png` on a port that stays the same while it answers, hangs or is gone."""

    def __init__(self) -> None:
        self.asked = 0
        self._server: ThreadingHTTPServer | None = None
        self._go_on = threading.Event()
        self._open(0)
        self.port = self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{{z}}/{{x}}/{{y}}.png"

    def answer(self) -> None:
        """Serve every tile."""
        self.leave()
        self._go_on.set()
        self._open(self.port)

    def hang(self) -> None:
        """Take every request and say nothing."""
        self.leave()
        self._go_on.clear()
        self._open(self.port)

    def leave(self) -> None:
        """Be gone: connections are refused."""
        self._go_on.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _open(self, port: int) -> None:
        outer = self

        class Tile(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                outer.asked += 1
                if not outer._go_on.wait(30):
                    return
                body = png()
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # the page has given up
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Tile)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
