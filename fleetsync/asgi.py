"""HTTP and sockets in one: `uvicorn fleetsync.asgi:application --ws websockets-sansio`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetsync.settings")

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()  # loads the apps, so it comes first

from tracking.routing import lifespan, sockets  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": sockets, "lifespan": lifespan})
