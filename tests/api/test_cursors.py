"""Every list refuses a cursor that it did not give out."""

from base64 import b64encode

import orjson
import pytest

from fleetsync.core import ids
from tests.factories import AdminFactory, RestaurantFactory

pytestmark = pytest.mark.django_db
API = "/api/v1"
LISTS = ["restaurants", "drivers", "orders", "offers", "deliveries", "invitations"]
REFUSAL = [{"code": "invalid", "detail": "Not a cursor of this list.", "attr": "cursor"}]


def cursor(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize("path", LISTS)
class TestCursor:
    @pytest.mark.parametrize(
        "text", [cursor("p=abc"), cursor("p=%00"), cursor("p="), cursor("o=-1"), cursor("r=x"), "zzz", "ä"]
    )
    def test_that_is_none_of_ours_is_refused(self, acting, path, text):
        answer = acting(AdminFactory()).get(f"{API}/{path}", {"cursor": text})
        assert (answer.status_code, answer.json()["errors"]) == (400, REFUSAL)

    def test_of_ours_is_taken(self, acting, path):
        own = cursor(f"p={ids.uuid7()}&r=1&o=1")
        assert acting(AdminFactory()).get(f"{API}/{path}", {"cursor": own}).status_code == 200


class TestAnonymous:
    def test_gets_the_same_refusal(self, anyone):
        answer = anyone.get(f"{API}/restaurants", {"cursor": cursor("p=abc")})
        assert (answer.status_code, answer.json()["errors"]) == (400, REFUSAL)

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
    def test_who_bends_the_moment_of_a_list_by_distance_breaks_nothing(self, anyone, moment):
        RestaurantFactory()
        bent = b64encode(orjson.dumps([moment, True, 0.0, str(ids.uuid7())]), b"-_").decode()
        answer = anyone.get(f"{API}/restaurants", {"near": "39.29,-76.61", "cursor": bent})
        assert answer.status_code == 200
