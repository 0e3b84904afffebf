"""The Postman collection is the OpenAPI document's."""

import json
from pathlib import Path

from django.conf import settings

from fleetsync.core.postman import collection, example

FILE = Path(settings.BASE_DIR) / "docs" / "fleetsync.postman_collection.json"


def requests(made):
    return [item for folder in made["item"] for item in folder["item"]]


class TestCollection:
    def test_is_current(self, document):
        assert json.loads(FILE.read_text()) == collection(document), f"python3 manage.py postman > {FILE.name}"

    def test_has_every_operation_once(self, document):
        count = sum(len({"get", "post", "put", "patch", "delete"} & set(path)) for path in document["paths"].values())
        assert len(requests(collection(document))) == count

    def test_sends_a_key_with_a_purchase_and_keeps_the_token_of_a_login(self, document):
        made = requests(collection(document))
        place = next(item for item in made if item["name"] == "Place an order")
        assert {"key": "Idempotency-Key", "value": "{{$guid}}"}.items() <= place["request"]["header"][2].items()
        login = next(item for item in made if item["name"] == "Log in")
        assert login["request"]["auth"] == {"type": "noauth"}
        assert "access" in "".join(login["event"][0]["script"]["exec"])


class TestExample:
    def test_follows_references_and_leaves_read_only_out(self):
        document = {
            "components": {
                "schemas": {
                    "Door": {
                        "type": "object",
                        "properties": {
                            "lat": {"type": "number", "example": 39.29},
                            "id": {"type": "string", "readOnly": True},
                            "at": {"type": ["string", "null"], "format": "date-time"},
                            "kinds": {"type": "array", "items": {"enum": ["FRONT", "BACK"]}},
                            "self": {"$ref": "#/components/schemas/Door"},
                        },
                    }
                }
            }
        }
        made = example(document, {"allOf": [{"$ref": "#/components/schemas/Door"}]})
        assert made["lat"] == 39.29
        assert "id" not in made
        assert made["at"] == "2026-03-06T18:00:00Z"
        assert made["kinds"] == ["FRONT"]
        assert made["self"]["self"]["lat"] == 39.29
