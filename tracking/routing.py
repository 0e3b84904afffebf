"""Where sockets lead, and the health of the socket process."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from channels.routing import URLRouter
from django.urls import path
from prometheus_client import REGISTRY, generate_latest

from tracking import runtime
from tracking.conf import LIVE
from tracking.consumers import LiveConsumer

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

_JSON = b"application/json"


async def health(scope: Message, receive: Receive, send: Send) -> None:
    """Answer /livez, /readyz and /metrics of the socket process; anything else is not here."""
    status, kind, body = await _answer(scope["path"])
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer(path_: str) -> tuple[int, bytes, bytes]:
    if path_ == "/livez":
        return 200, _JSON, orjson.dumps({"process": "live", "ready": True})
    if path_ == "/readyz":
        live = runtime.of_this_loop()
        await live.start()
        compared_s = time.monotonic() - live.compared_at
        ready = compared_s < 3 * LIVE.heads_every_s
        facts = {
            "process": "live",
            "ready": ready,
            "sockets": len(live.sockets),
            "hub_connected": live.hub.connected,
            "heads_compared_s": round(compared_s, 1),
        }
        return 200 if ready else 503, _JSON, orjson.dumps(facts)
    if path_ == "/metrics":
        return 200, b"text/plain; version=0.0.4", generate_latest(REGISTRY)
    return 404, _JSON, orjson.dumps({"detail": "Sockets are at /ws/v1/."})


async def lifespan(scope: Message, receive: Receive, send: Send) -> None:
    """Warm up before the first socket: the clock, a database connection, the hub."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await runtime.of_this_loop().start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await runtime.of_this_loop().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def refuse(scope: Message, receive: Receive, send: Send) -> None:
    """Turn away a socket at any other address."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


def _socket(route: str, application: Any) -> Any:
    """Return a route of a socket application; Django's `path` takes any callable."""
    return path(route, application)


sockets = URLRouter([_socket("ws/v1/", LiveConsumer.as_asgi()), _socket("<path:rest>", refuse)])
