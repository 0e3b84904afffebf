"""The OpenAPI document: valid, without a warning, every operation told in words."""

import re

import pytest
from django.core.management import call_command

from fleetsync.core.ids import PREFIXES

METHODS = {"get", "post", "put", "patch", "delete"}


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", path, method, operation


class TestDocument:
    def test_is_valid_and_made_without_a_warning(self, tmp_path):
        target = tmp_path / "schema.yml"
        call_command("spectacular", "--validate", "--fail-on-warn", file=str(target))
        assert target.read_text().startswith("openapi: 3.1.0")

    def test_tells_every_operation_in_words(self, document):
        silent = [
            name
            for name, _, _, operation in operations(document)
            if not (operation.get("summary") and operation.get("description") and operation.get("tags"))
        ]
        assert silent == []

    def test_has_no_two_operations_of_one_name(self, document):
        names = [operation["operationId"] for _, _, _, operation in operations(document)]
        assert sorted(names) == sorted(set(names))
        assert not [name for name in names if re.search(r"_\d+$", name)]

    def test_has_plain_addresses(self, document):
        for name, path, _, _ in operations(document):
            assert re.fullmatch(r"/api/v1(/([a-z-]+|\{[a-z_]+\}))+", path), name

    def test_knows_the_kind_of_every_id_in_an_address(self, document):
        for name, path, _, _ in operations(document):
            for parameter in re.findall(r"\{(\w+)\}", path):
                assert parameter in PREFIXES or parameter == "token", name

    def test_declares_problems_everywhere(self, document):
        for name, _, _, operation in operations(document):
            assert "application/problem+json" in operation["responses"]["default"]["content"], name

    def test_answers_every_write_with_its_own_status(self, document):
        for name, _, _, operation in operations(document):
            assert any(code.startswith("2") for code in operation["responses"]), name


class TestPages:
    @pytest.mark.django_db
    def test_need_nothing_from_elsewhere(self, client):
        text = client.get("/api/docs/").content.decode()
        assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]+"', text)
