"""The socket process: `/ws/v1/` and its health, no other HTTP."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetsync.settings")

import django

django.setup()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from tracking.routing import health, lifespan, sockets  # noqa: E402

application = ProtocolTypeRouter({"http": health, "websocket": sockets, "lifespan": lifespan})
