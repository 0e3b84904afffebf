"""Prefixed public ids."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.core import ids


class TestEncodeAndDecode:
    @given(st.uuids())
    def test_come_back_to_the_same_uuid(self, value):
        text = ids.encode("ord", value)
        assert len(text) == 30
        assert ids.decode("ord", text) == value

    def test_write_the_extremes(self):
        assert ids.encode("ord", UUID(int=0)) == "ord_" + "0" * 26
        assert ids.encode("ord", UUID(int=2**128 - 1)) == "ord_7" + "z" * 25

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ord",
            "ord_",
            "ord_" + "0" * 25,
            "ord_" + "0" * 27,
            "dlv_" + "0" * 26,
            "ord_8" + "0" * 25,  # more than 128 bits
            "ord_" + "u" * 26,
            "ord_" + "0" * 25 + "O",
            "ord_" + "٠" * 26,
            "ORD_" + "0" * 26,
            "00000000-0000-0000-0000-000000000000",
        ],
    )
    def test_refuse_what_is_no_id_of_this_kind(self, text):
        with pytest.raises(ids.BadId):
            ids.decode("ord", text)

    def test_sort_like_their_uuids(self):
        values = sorted(ids.uuid7() for _ in range(100))
        assert [ids.decode("ord", text) for text in sorted(ids.encode("ord", value) for value in values)] == values


class TestUuid7:
    def test_is_version_7_and_never_the_same(self):
        made = [ids.uuid7() for _ in range(1000)]
        assert {value.version for value in made} == {7}
        assert {value.variant for value in made} == {"specified in RFC 4122"}
        assert len(set(made)) == 1000

    def test_grows_with_time(self, monkeypatch):
        monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000_000)
        early = ids.uuid7()
        monkeypatch.setattr(ids.time, "time_ns", lambda: 2_000_000_000_000)
        assert early < ids.uuid7()


class TestConverter:
    def test_answers_404_for_a_malformed_id(self, client):
        assert client.get("/api/v1/restaurants/rst_oops").status_code == 404
