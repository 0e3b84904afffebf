"""What a kitchen of the map may cook: the map tells names and cuisines, never a menu. Pure."""

from __future__ import annotations

from random import Random
from typing import Final

from restaurants.menus import MenuSpec
from restaurants.osm import FoundPlace
from simulation import names
from simulation.city import menu_of

#: Words of a cuisine or a name, the telling ones first, and the kitchen they mean.
WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("pizz", "Pizza"), ("sushi", "Sushi"), ("ramen", "Ramen"), ("noodle", "Ramen"), ("burger", "Burgers"),
    ("mcdonald", "Burgers"), ("mexic", "Mexican"), ("taco", "Mexican"), ("taque", "Mexican"), ("burrito", "Mexican"),
    ("tex-mex", "Mexican"), ("cuban", "Mexican"), ("latin", "Mexican"), ("spanish", "Mexican"), ("thai", "Thai"),
    ("vietnam", "Thai"), ("indian", "Indian"), ("nepal", "Indian"), ("pakistan", "Indian"), ("curry", "Indian"),
    ("chinese", "Chinese"), ("asian", "Chinese"), ("korean", "Chinese"), ("wok", "Chinese"), ("japan", "Sushi"),
    ("italian", "Italian"), ("pasta", "Italian"), ("ristorante", "Italian"), ("trattoria", "Italian"),
    ("greek", "Mediterranean"), ("kebab", "Mediterranean"), ("turkish", "Mediterranean"), ("persian", "Mediterranean"),
    ("lebanese", "Mediterranean"), ("mediterran", "Mediterranean"), ("falafel", "Mediterranean"),
    ("afghan", "Mediterranean"), ("tapas", "Mediterranean"), ("seafood", "Seafood"), ("fish", "Seafood"),
    ("crab", "Seafood"), ("oyster", "Seafood"), ("chicken", "Chicken"), ("popeye", "Chicken"), ("kfc", "Chicken"),
    ("wings", "Chicken"), ("sandwich", "Deli"), ("subway", "Deli"), ("deli", "Deli"), ("bagel", "Deli"),
    ("salad", "Bowls & salads"), ("vegetarian", "Bowls & salads"), ("vegan", "Bowls & salads"),
    ("breakfast", "Breakfast"), ("pancake", "Breakfast"), ("brunch", "Breakfast"), ("diner", "Breakfast"),
    ("ice cream", "Ice cream"), ("frozen", "Ice cream"), ("gelato", "Ice cream"), ("dessert", "Ice cream"),
    ("coffee", "Coffee"), ("donut", "Coffee"), ("doughnut", "Coffee"), ("bakery", "Coffee"), ("cafe", "Coffee"),
    ("starbucks", "Coffee"), ("tea", "Coffee"),
)  # fmt: skip
#: Where no word helps.
BY_AMENITY: Final = {"cafe": "Coffee", "ice_cream": "Ice cream", "fast_food": "Burgers"}
ELSE: Final = "American"
_BY_NAME: Final = {cuisine.name: cuisine for cuisine in (*names.CUISINES, *names.MORE_CUISINES)}


def kitchen_of(place: FoundPlace) -> names.Cuisine:
    """Return the kitchen whose dishes fit: by the map's cuisine, else by the name, else by the kind of place."""
    for told in (place.cuisine.lower(), place.name.lower()):
        for word, kitchen in WORDS:
            if word in told:
                return _BY_NAME[kitchen]
    return _BY_NAME[BY_AMENITY.get(place.amenity, ELSE)]


def menu_for(place: FoundPlace) -> MenuSpec:
    """Return a made-up menu that fits the place, always the same one."""
    return menu_of(kitchen_of(place), Random(place.ref))
