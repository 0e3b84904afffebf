"""Where it is now: pings, live views, every WebSocket consumer."""
