"""A menu before it is written: sections of items with their choices. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSpec:
    """One option and what it adds, minor units."""

    name: str
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """A choice that goes with an item."""

    name: str
    least: int
    most: int
    options: tuple[OptionSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """Something to buy."""

    name: str
    description: str
    price_minor: int
    groups: tuple[GroupSpec, ...] = ()


#: Sections in order: their names and items.
MenuSpec = tuple[tuple[str, tuple[ItemSpec, ...]], ...]
