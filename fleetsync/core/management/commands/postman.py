"""Print the Postman collection."""

import json
from typing import Any

from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator

from fleetsync.core.postman import collection


class Command(BaseCommand):
    help = "Print the Postman collection of the API, made from its OpenAPI document."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        document = SchemaGenerator().get_schema(public=True)
        self.stdout.write(json.dumps(collection(document), indent=1, ensure_ascii=False, sort_keys=False))
