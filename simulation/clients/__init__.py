"""Clients of the platform: drivers, kitchens and customers over the public REST API and sockets alone.

Nothing here imports an app or Django; what a client knows, it was told by the platform
or stands in front of its eyes (the food on the counter).
"""
