"""The page of problem codes is the code's."""

import re
from pathlib import Path

from django.conf import settings

from fleetsync.core.catalogue import markdown, problem_types
from fleetsync.core.problems import problem


class TestProblemTypes:
    def test_are_in_the_documentation(self):
        page = Path(settings.BASE_DIR) / "docs" / "problems.md"
        assert page.read_text() == markdown(), "python3 manage.py problem_docs > docs/problems.md"

    def test_have_one_status_each(self):
        statuses: dict[str, set[int]] = {}
        for each in problem_types():
            statuses.setdefault(each.code, set()).add(each.status)
        assert {code: seen for code, seen in statuses.items() if len(seen) > 1} == {}

    def test_keep_the_standards_members_to_themselves(self):
        body = problem(status_code=409, code="order-closed", title="Closed.", type="x", order_id="ord_1")
        assert (body["status"], body["type"], body["order_id"]) == (409, "/docs/problems#order-closed", "ord_1")

    def test_are_kebab_case_with_title_and_meaning(self):
        for each in problem_types():
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", each.code), each
            assert each.title.endswith("."), each
            assert each.meaning, each


class TestProblemPage:
    def test_has_the_place_that_every_type_points_at(self, client):
        page = client.get("/docs/problems").content.decode()
        for each in problem_types():
            assert f'id="{each.code}"' in page, each.code
        assert "style=" not in page
