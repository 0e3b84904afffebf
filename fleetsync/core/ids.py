"""Public ids: a prefix that says what it is, then the row's UUID in 26 lower-case letters and digits.

Rows have a UUIDv7 as primary key: 74 random bits make it unguessable, its leading
milliseconds keep indexes local. Outside, it is always the prefixed text.
"""

import os
import time
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.urls import register_converter

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}

#: Field name in events, URLs and JSON -> prefix of the id it holds.
PREFIXES: Final[Mapping[str, str]] = {
    "user_id": "usr",
    "customer_id": "usr",
    "driver_id": "drv",
    "invitation_id": "inv",
    "zone_id": "zon",
    "restaurant_id": "rst",
    "closure_id": "cls",
    "category_id": "cat",
    "item_id": "itm",
    "group_id": "grp",
    "option_id": "opt",
    "quote_id": "quo",
    "order_id": "ord",
    "delivery_id": "dlv",
    "job_id": "job",
    "offer_id": "ofr",
    "batch_id": "bat",
    "session_id": "dss",
    "shift_id": "shf",
    "document_id": "doc",
    "policy_id": "pol",
    "round_id": "rnd",
    "message_id": "msg",
    "event_id": "evt",
}


class BadId(ValueError):
    """The text is not a public id of the expected kind."""


def uuid7() -> UUID:
    """Return a new time-ordered UUID (RFC 9562, version 7)."""
    millis = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high = (millis & (2**48 - 1)) << 80
    return UUID(int=high | 0x7 << 76 | (noise >> 68 & 0xFFF) << 64 | 0b10 << 62 | noise & (2**62 - 1))


def encode(prefix: str, value: UUID) -> str:
    """Return the public id, e.g. `ord_01jd…`."""
    number, letters = value.int, []
    for _ in range(26):
        letters.append(_ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(letters))}"


def decode(prefix: str, text: str) -> UUID:
    """Return the UUID behind a public id.

    Raises:
        BadId: wrong prefix, length or letters.
    """
    head, _, body = text.partition("_")
    if head != prefix or len(body) != 26:
        raise BadId(text)
    number = 0
    for letter in body:
        if letter not in _VALUES:
            raise BadId(text)
        number = number << 5 | _VALUES[letter]
    if number >= 2**128:
        raise BadId(text)
    return UUID(int=number)


def public(field: str, value: UUID) -> str:
    """Return the public id of a value held in the field of this name, e.g. `order_id`."""
    return encode(PREFIXES[field], value)


def private(field: str, text: str) -> UUID:
    """Return the UUID of a public id held in the field of this name."""
    return decode(PREFIXES[field], text)


def _converter(prefix: str) -> type:
    """Return a URL converter: a malformed id is a 404, never a 500."""

    class PublicIdConverter:
        regex = f"{prefix}_[0-9a-z]{{26}}"

        def to_python(self, value: str) -> UUID:
            return decode(prefix, value)  # BadId is a ValueError: no match, hence 404

        def to_url(self, value: UUID) -> str:
            return encode(prefix, value)

    return PublicIdConverter


for _field, _prefix in PREFIXES.items():
    register_converter(_converter(_prefix), _field)
