"""Map tiles from a local PMTiles file, in byte ranges, from our own origin."""

import re
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

#: A reader asks for its header (16 KiB), directories and single tiles; nobody needs more at once.
MOST_BYTES: Final = 8 << 20
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    """Answer 206 with the bytes asked for, at most 8 MiB; 416 without one plain range inside the file."""
    path = Path(settings.FLEETSYNC_TILES_FILE) if settings.FLEETSYNC_TILES_FILE else None
    if path is None or not path.is_file():
        raise Http404
    stat = path.stat()
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'}
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    first = int(wanted[1]) if wanted else stat.st_size
    if wanted is None or first >= stat.st_size:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{stat.st_size}"})
    last = min(int(wanted[2] or stat.st_size), stat.st_size - 1, first + MOST_BYTES - 1)
    with path.open("rb") as file:
        file.seek(first)
        body = file.read(max(0, last - first + 1))
    headers |= {
        "Content-Range": f"bytes {first}-{last}/{stat.st_size}",
        "Cache-Control": "public, max-age=3600",
        "Content-Encoding": "identity",
    }
    return HttpResponse(body, status=206, content_type="application/vnd.pmtiles", headers=headers)
