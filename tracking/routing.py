"""Where sockets lead."""

from typing import Any

from channels.routing import URLRouter


async def health(scope: Any, receive: Any, send: Any) -> None:
    """Answer /livez and /readyz of the socket process."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"process": "live", "ready": true}'})


sockets = URLRouter([])
