"""Frames of the socket: what clients may send, and what they get, encoded once per audience."""

from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from tracking.audience import POSITION_TYPES, Audience, as_heard
from tracking.pings import Points
from tracking.topics import TopicKind

# --- from the client ----------------------------------------------------------


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True, tag_field="type"):
    """Base of what a client may send; unknown members are refused."""


class Subscribe(ClientFrame, tag="subscribe"):
    """Hear a topic from now on; with `after_seq` first what was missed since."""

    topic: str
    after_seq: msgspec.UnsetType | int | None = msgspec.UNSET


class Unsubscribe(ClientFrame, tag="unsubscribe"):
    """Hear a topic no more."""

    topic: str


class Ack(ClientFrame, tag="ack"):
    """The offer is on the driver's screen."""

    offer_id: str


class Ping(ClientFrame, tag="ping"):
    """Are you there; answered by `pong` with the clock."""


class Position(ClientFrame, tag="position"):
    """Points of a driver's way, as in POST positions."""

    points: Points


class Auth(ClientFrame, tag="auth"):
    """A fresh access token of the same user, before the old one ends."""

    bearer: str


AnyClientFrame = Subscribe | Unsubscribe | Ack | Ping | Position | Auth
_decoder: Final = msgspec.json.Decoder(AnyClientFrame)


class BadFrame(Exception):
    """The text is no frame of ours; the socket is closed."""


def read(text: str) -> AnyClientFrame:
    """Return the client's frame.

    Raises:
        BadFrame: not JSON, an unknown type, or members that are missing, unknown or out of bounds.
    """
    try:
        frame: AnyClientFrame = _decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadFrame(str(error)[:100]) from error
    if isinstance(frame, Subscribe) and isinstance(frame.after_seq, int) and frame.after_seq < 0:
        raise BadFrame("after_seq is negative")
    return frame


# --- to the client ------------------------------------------------------------


class Frame:
    """One event or position of a topic, handed to many sockets."""

    __slots__ = ("_texts", "at", "data", "seq", "to", "topic", "type")

    def __init__(
        self,
        *,
        kind: str,
        topic: str,
        seq: int | None,
        at: str,
        data: dict[str, Any],
        to: tuple[str, ...] | None = None,
    ) -> None:
        self.type, self.topic, self.seq, self.at, self.data, self.to = kind, topic, seq, at, data, to
        self._texts: dict[tuple[Audience, str], str] = {}

    @classmethod
    def decode(cls, data: bytes) -> "Frame":
        """Return the frame that came over the hub."""
        raw = orjson.loads(data)
        to = raw.get("to")
        return cls(
            kind=raw["type"],
            topic=raw["topic"],
            seq=raw["seq"],
            at=raw["at"],
            data=raw["data"],
            to=tuple(to) if to is not None else None,
        )

    @property
    def is_position(self) -> bool:
        """Say whether it tells where somebody is: no number, the newest wins."""
        return self.type in POSITION_TYPES

    def text(self, audience: Audience, about: TopicKind, shown: str) -> str:
        """Return the text for an audience, encoded at the first ask."""
        key = (audience, shown)
        text = self._texts.get(key)
        if text is None:
            data = self.data if self.is_position else as_heard(audience, about, self.data)
            text = self._texts[key] = encode(self.type, topic=shown, seq=self.seq, at=self.at, data=data)
        return text


def encode(kind: str, *, topic: str | None, seq: int | None, at: str | datetime, data: Any) -> str:
    """Return the text of a frame `{type, topic, seq, at, data}`."""
    return orjson.dumps({"type": kind, "topic": topic, "seq": seq, "at": at, "data": data}, default=str).decode()
