"""HTTP for WSGI servers: granian in the demo and in compose."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetsync.settings")
application = get_wsgi_application()
