"""The socket process: `/ws/v1/` and its health, no other HTTP."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetsync.settings")

import django

django.setup()

from channels.routing import ProtocolTypeRouter

from tracking.routing import health, sockets

application = ProtocolTypeRouter({"http": health, "websocket": sockets})
