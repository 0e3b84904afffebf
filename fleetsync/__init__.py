"""The wiring of FleetSync: settings, URLs, ASGI, Celery, and the core every app shares."""
