"""Print the Postman collection."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from fleetsync.core.postman import collection, openapi


class Command(BaseCommand):
    help = "Print the Postman collection of the API, made from its OpenAPI document."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(json.dumps(collection(openapi()), indent=1, ensure_ascii=False))
