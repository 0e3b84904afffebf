"""A decision as bytes, and back: exact, compact, and readable by later engines.

The form follows the dataclasses: a field that is added to a job, a driver or the policy is
recorded from then on, and recordings from before read with its default. Rows of one kind
(jobs, drivers, places) are written column by column, a column of numbers with its bytes sorted
by rank, and columns that hold nothing but the default are left out; that is what makes
recordings small. Floats are kept to the last bit.

Travel: a formula is a few numbers. Pairs are kept with their seconds, or as the question alone
(`Asked`) where their source answers the same for ever.
"""

from __future__ import annotations

import math
import types
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from dispatch.engine import travel
from dispatch.engine.model import Plan, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.travel import Asked, Point, Travel

FORM: Final = 1
MAGIC: Final = b"FSD"
LEVEL: Final = 6  # of zlib: a tenth smaller than 1 for a millisecond a round
RANKS: Final = 8  # bytes of a float

TRAVELS: Final[Mapping[str, Any]] = {
    cls.__name__: cls for cls in (travel.StraightLine, travel.Table, travel.Pairs, travel.Asked)
}
Ask: TypeAlias = Callable[[Asked, Sequence[Point]], Sequence[Sequence[float]]]
"""Ask a source again: a row of seconds per hub; raises RecordingError where it cannot."""


class RecordingError(ValueError):
    """The bytes are no recording, or one of another form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One decision with all it depended on."""

    engine: str
    """`version.engine_version` of the engine that decided."""
    machine: str
    snapshot: Snapshot
    policy: Policy
    plan: Plan


def encode(recording: Recording) -> bytes:
    """Return the recording as compressed bytes; the same recording gives the same bytes."""
    plain = _pair(Recording).write(recording)
    return MAGIC + bytes((FORM,)) + zlib.compress(msgspec.msgpack.encode(plain, enc_hook=_plain_number), LEVEL)


def decode(data: bytes) -> Recording:
    """Return what `encode` was given.

    Raises:
        RecordingError: the bytes are something else, of another form, or damaged.
    """
    head = len(MAGIC) + 1
    if data[: len(MAGIC)] != MAGIC:
        raise RecordingError("not a recorded decision")
    if data[len(MAGIC) : head] != bytes((FORM,)):
        raise RecordingError(f"recorded in form {data[head - 1 : head].hex()}, this engine reads {FORM:02x}")
    try:
        return cast("Recording", _pair(Recording).read(msgspec.msgpack.decode(zlib.decompress(data[head:]))))
    except (zlib.error, msgspec.MsgspecError, TypeError, ValueError, KeyError, IndexError) as error:
        raise RecordingError(f"damaged: {error}") from error


def plan_bytes(plan: Plan) -> bytes:
    """Return a plan as bytes to compare: equal plans alone give equal bytes."""
    return msgspec.msgpack.encode(_pair(Plan).write(plan), enc_hook=_plain_number)


# --- travel ------------------------------------------------------------------------------


def whole(snapshot: Snapshot, ask: Ask) -> Snapshot:
    """Return a snapshot with its travel times, asked again where the recording has only the question.

    Raises:
        RecordingError: its source cannot be asked any more.
    """
    asked = snapshot.travel
    return replace(snapshot, travel=asked.pairs(ask(asked, snapshot.places))) if isinstance(asked, Asked) else snapshot


# --- values by their types -----------------------------------------------------------------


class _Pair(NamedTuple):
    """How values of one type are written and read."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


def _plain_number(value: Any) -> Any:
    """Return a number of numpy as Python's own."""
    return value.item()


@cache
def _pair(kind: Any) -> _Pair:
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Travel:
        return _Pair(_write_travel, lambda plain: _pair(TRAVELS[plain[0]]).read(plain[1]))
    if origin in (types.UnionType, Union):
        (only,) = (_pair(each) for each in inside if each is not type(None))
        return _Pair(
            lambda value: None if value is None else only.write(value),
            lambda plain: None if plain is None else only.read(plain),
        )
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_pair(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _Pair(attrgetter("value"), kind)
    if origin is tuple and inside[-1] is Ellipsis:
        return _rows_pair(inside[0])
    if origin is tuple:
        each = tuple(_pair(one) for one in inside)
        return _Pair(
            lambda value: [pair.write(part) for pair, part in zip(each, value, strict=True)],
            lambda plain: tuple(pair.read(part) for pair, part in zip(each, plain, strict=True)),
        )
    if origin is frozenset:
        return _Pair(sorted, frozenset)
    if origin is not None and issubclass(origin, Mapping):
        keys, values = _rows_pair(inside[0]), _rows_pair(inside[1])

        def write_mapping(value: Mapping[Any, Any]) -> Any:
            order = sorted(value)
            return [keys.write(order), values.write([value[key] for key in order])] if order else []

        return _Pair(
            write_mapping,
            lambda plain: dict(zip(keys.read(plain[0]), values.read(plain[1]), strict=True)) if plain else {},
        )
    if origin is not None and issubclass(origin, Sequence):
        return _rows_pair(inside[0])
    return _Pair(_as_it_is, _as_it_is)


def _write_travel(value: Travel) -> list[Any]:
    name = type(value).__name__
    if TRAVELS.get(name) is not type(value):
        raise RecordingError(f"travel: cannot record a {name}; make it a Table first")
    return [name, _pair(type(value)).write(value)]


def _defaults(kind: type) -> dict[str, Any]:
    """Return the fields that have a default, with it."""
    return {
        each.name: each.default if each.default_factory is MISSING else each.default_factory()
        for each in fields(kind)
        if each.default is not MISSING or each.default_factory is not MISSING
    }


def _dataclass_pair(kind: Any) -> _Pair:
    """Write one object as {field: value}; what is the default is left out."""
    hints, defaults = get_type_hints(kind), _defaults(kind)
    pairs = [(each.name, _pair(hints[each.name])) for each in fields(kind)]
    known = dict(pairs)

    def write(value: Any) -> dict[str, Any]:
        plain = {}
        for name, pair in pairs:
            part = getattr(value, name)
            if name not in defaults or not _same(part, defaults[name]):
                plain[name] = pair.write(part)
        return plain

    def read(plain: Mapping[str, Any]) -> Any:
        return kind(**{name: known[name].read(part) for name, part in plain.items() if name in known})

    return _Pair(write, read)


def _rows_pair(kind: Any) -> _Pair:
    """Write many values of one type; those with fields, or of fixed length, column by column."""
    if isinstance(kind, type) and is_dataclass(kind):
        return _columns_pair(kind)
    inside = get_args(kind)
    if get_origin(kind) is tuple and inside[-1] is not Ellipsis:
        columns = [_rows_pair(one) for one in inside]
        return _Pair(
            lambda rows: [pair.write(column) for pair, column in zip(columns, zip(*rows, strict=True), strict=False)],
            lambda plain: tuple(
                zip(*(pair.read(column) for pair, column in zip(columns, plain, strict=False)), strict=True)
            ),
        )
    if kind is float:
        return _Pair(_write_floats, _read_floats)
    each = _pair(kind)
    if each.write is _as_it_is:
        return _Pair(list, tuple)
    return _Pair(lambda rows: [each.write(row) for row in rows], lambda plain: tuple(map(each.read, plain)))


def _columns_pair(kind: Any) -> _Pair:
    hints, defaults = get_type_hints(kind), _defaults(kind)
    pairs = [(each.name, _rows_pair(hints[each.name])) for each in fields(kind)]
    known = dict(pairs)

    def write(rows: Sequence[Any]) -> list[Any]:
        columns = {}
        for name, pair in pairs:
            column = list(map(attrgetter(name), rows))
            usual = defaults.get(name, MISSING)
            if usual is MISSING or not all(_same(part, usual) for part in column):
                columns[name] = pair.write(column)
        return [len(rows), columns]

    def read(plain: Sequence[Any]) -> tuple[Any, ...]:
        number, columns = plain
        read_columns = {name: known[name].read(part) for name, part in columns.items() if name in known}
        return tuple(kind(**{name: column[i] for name, column in read_columns.items()}) for i in range(number))

    return _Pair(write, read)


def _same(value: Any, usual: Any) -> bool:
    """Say whether a value is the default to the last bit: 0 is not 0.0, and -0.0 is not 0.0."""
    if value is usual:
        return True
    if type(value) is not type(usual) or value != usual:
        return False
    return type(value) is not float or math.copysign(1.0, value) == math.copysign(1.0, usual)


def _write_floats(values: Sequence[Any]) -> Any:
    """Return floats as bytes sorted by rank, first bytes first; a mixture of kinds as it is."""
    if not all(type(value) is float for value in values):
        return list(values)
    raw = array("d", values).tobytes()
    return b"".join(raw[rank::RANKS] for rank in range(RANKS))


def _read_floats(plain: Any) -> tuple[Any, ...]:
    if not isinstance(plain, bytes):
        return tuple(plain)
    number = len(plain) // RANKS
    raw = bytearray(len(plain))
    for rank in range(RANKS):
        raw[rank::RANKS] = plain[rank * number : (rank + 1) * number]
    return tuple(array("d", bytes(raw)))
