"""What things are called in the made-up city: dishes, kitchens, streets, people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Choice:
    """A group of options: name, least, most, (option, added minor units)."""

    name: str
    least: int
    most: int
    options: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Dish:
    """Something on a menu; the price is in minor units."""

    name: str
    description: str
    price_minor: int
    groups: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Cuisine:
    """A kind of kitchen: what such kitchens are called, and what they cook."""

    name: str
    titles: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Dish, ...]], ...]


SIZE: Final = Choice("Size", 1, 1, (("Regular", 0), ("Large", 350)))
CRUST: Final = Choice("Crust", 1, 1, (("Hand-tossed", 0), ("Thin", 0), ("Gluten-free", 250)))
TOPPINGS: Final = Choice(
    "Extra toppings", 0, 3, (("Olives", 100), ("Mushrooms", 100), ("Pepperoni", 150), ("Basil", 50))
)
HEAT: Final = Choice("Heat", 1, 1, (("Mild", 0), ("Medium", 0), ("Hot", 0)))
PROTEIN: Final = Choice("Protein", 1, 1, (("Tofu", 0), ("Chicken", 150), ("Shrimp", 300)))
SIDE: Final = Choice("Side", 1, 1, (("Fries", 0), ("Slaw", 0), ("Side salad", 100)))
ADD_ONS: Final = Choice("Add", 0, 2, (("Cheese", 100), ("Bacon", 175), ("Avocado", 200)))
SALSA: Final = Choice("Salsa", 0, 2, (("Verde", 0), ("Roja", 0), ("Habanero", 50)))
BREAD: Final = Choice("Bread", 1, 1, (("White", 0), ("Rye", 0), ("Wrap", 0)))
MILK: Final = Choice("Milk", 0, 1, (("Oat", 75), ("Almond", 75)))

DRINKS: Final = (
    Dish("Sparkling water", "0.5 l", 250),
    Dish("Lemonade", "Made here", 350),
    Dish("Iced tea", "Black, with lemon", 325),
)

CUISINES: Final = (
    Cuisine("Pizza", ("Calvert Street Pizza", "Forno Rosso", "Pie & Pier", "Tre Forni"), (
        ("Pizza", (
            Dish("Margherita", "Tomato, mozzarella, basil", 1250, (CRUST, TOPPINGS)),
            Dish("Pepperoni", "Tomato, mozzarella, pepperoni", 1450, (CRUST, TOPPINGS)),
            Dish("Quattro formaggi", "Four cheeses", 1550, (CRUST,)),
            Dish("Crab pie", "White sauce, blue crab, corn", 1850, (CRUST,)),
            Dish("Garden", "Peppers, onion, spinach", 1395, (CRUST, TOPPINGS)),
        )),
        ("Sides", (Dish("Garlic knots", "Six", 595), Dish("Caesar salad", "Romaine, croutons", 895))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Burgers", ("Charm City Smash", "Pratt & Patty", "The Brick Grill", "Harbor Burger Works"), (
        ("Burgers", (
            Dish("Single smash", "One patty, pickles, house sauce", 995, (ADD_ONS, SIDE)),
            Dish("Double smash", "Two patties, American cheese", 1295, (ADD_ONS, SIDE)),
            Dish("Old Bay chicken", "Crisp thigh, slaw", 1195, (ADD_ONS, SIDE)),
            Dish("Black bean", "Chipotle mayonnaise", 1050, (ADD_ONS, SIDE)),
        )),
        ("Sides", (Dish("Fries", "Twice fried", 450), Dish("Onion rings", "Beer batter", 550))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Thai", ("Saffron Basil", "Bangkok Row", "Lemongrass & Lime", "Little Chiang Mai"), (
        ("Noodles", (
            Dish("Pad thai", "Rice noodles, tamarind, peanuts", 1350, (PROTEIN, HEAT)),
            Dish("Pad see ew", "Wide noodles, gai lan", 1350, (PROTEIN,)),
            Dish("Drunken noodles", "Basil, bell pepper", 1395, (PROTEIN, HEAT)),
        )),
        ("Curries", (
            Dish("Green curry", "Eggplant, bamboo", 1450, (PROTEIN, HEAT)),
            Dish("Massaman curry", "Potato, peanuts", 1495, (PROTEIN,)),
        )),
        ("Drinks", DRINKS),
    )),
    Cuisine("Mexican", ("Taqueria El Faro", "Maíz Azul", "La Esquina Verde", "Cantina Fells"), (
        ("Tacos", (
            Dish("Three tacos al pastor", "Pineapple, onion, cilantro", 1195, (SALSA,)),
            Dish("Three tacos de pescado", "Cabbage, crema", 1295, (SALSA,)),
            Dish("Three tacos de hongos", "Mushrooms, queso fresco", 1095, (SALSA,)),
        )),
        ("Plates", (
            Dish("Burrito", "Rice, beans, pico de gallo", 1250, (PROTEIN, SALSA)),
            Dish("Quesadilla", "Flour tortilla, Oaxaca cheese", 1050, (PROTEIN,)),
        )),
        ("Drinks", DRINKS),
    )),
    Cuisine("Indian", ("Tandoor on Charles", "Cardamom House", "Spice Harbor", "Malabar Kitchen"), (
        ("Curries", (
            Dish("Butter chicken", "Tomato, cream, fenugreek", 1495, (HEAT,)),
            Dish("Saag paneer", "Spinach, fresh cheese", 1395, (HEAT,)),
            Dish("Chana masala", "Chickpeas, ginger", 1250, (HEAT,)),
            Dish("Lamb rogan josh", "Kashmiri chilli", 1650, (HEAT,)),
        )),
        ("Breads", (Dish("Naan", "From the tandoor", 350), Dish("Garlic naan", "From the tandoor", 425))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Sushi", ("Kaze Sushi", "Inner Harbor Rolls", "Umi no Ie", "Nori & Rice"), (
        ("Rolls", (
            Dish("Salmon avocado", "Eight pieces", 995),
            Dish("Spicy tuna", "Eight pieces", 1095, (HEAT,)),
            Dish("Cucumber", "Six pieces", 595),
            Dish("Soft-shell crab", "Five large pieces", 1395),
        )),
        ("Bowls", (Dish("Chirashi", "Chef's choice over rice", 1995), Dish("Poke", "Ahi, edamame, seaweed", 1595, (ADD_ONS,)))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Mediterranean", ("Olive & Thyme", "Meze on Mulberry", "Cedar Grill", "Santorini Corner"), (
        ("Plates", (
            Dish("Chicken shawarma", "Garlic sauce, pickles", 1350, (SIDE,)),
            Dish("Falafel plate", "Tahini, tabbouleh", 1195, (SIDE,)),
            Dish("Lamb gyro", "Tzatziki, tomato", 1295, (SIDE,)),
        )),
        ("Meze", (Dish("Hummus", "Warm pita", 695), Dish("Dolmas", "Six", 650), Dish("Greek salad", "Feta, olives", 950))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Deli", ("Attman & Daughters", "Corned Beef Row", "The Rye House", "Lombard Lunch"), (
        ("Sandwiches", (
            Dish("Corned beef", "Mustard", 1295, (BREAD, ADD_ONS)),
            Dish("Turkey club", "Three layers", 1195, (BREAD, ADD_ONS)),
            Dish("Tuna melt", "Cheddar", 1095, (BREAD,)),
            Dish("Lox and cream cheese", "Capers, onion", 1350, (BREAD,)),
        )),
        ("Soups", (Dish("Matzo ball", "", 595, (SIZE,)), Dish("Maryland crab", "", 795, (SIZE,)))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Ramen", ("Tonkotsu Alley", "Fells Point Ramen", "Ichi Bowl", "Steam & Broth"), (
        ("Ramen", (
            Dish("Tonkotsu", "Pork broth, chashu, egg", 1495, (SIZE, HEAT)),
            Dish("Shoyu", "Soy, chicken, bamboo", 1395, (SIZE,)),
            Dish("Miso", "Corn, butter", 1450, (SIZE, HEAT)),
            Dish("Vegan tantan", "Sesame, mushrooms", 1395, (SIZE, HEAT)),
        )),
        ("Small plates", (Dish("Gyoza", "Six", 695), Dish("Karaage", "Lemon, mayonnaise", 850))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Bowls & salads", ("Greenmount Bowls", "Leaf & Grain", "Field Day", "The Good Root"), (
        ("Bowls", (
            Dish("Harvest bowl", "Kale, wild rice, sweet potato", 1295, (PROTEIN,)),
            Dish("Miso salmon bowl", "Brown rice, broccoli", 1595),
            Dish("Southwest bowl", "Black beans, corn, lime", 1250, (PROTEIN,)),
        )),
        ("Salads", (Dish("Cobb", "Egg, bacon, blue cheese", 1350), Dish("Kale Caesar", "Parmesan crisps", 1150, (PROTEIN,)))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Breakfast", ("Sunny Side Row", "Batter & Brew", "Blue Moon Griddle", "Early Bird Eutaw"), (
        ("All day", (
            Dish("Egg and cheese", "On a biscuit", 695, (ADD_ONS,)),
            Dish("Blueberry pancakes", "Three, maple syrup", 1095),
            Dish("Avocado toast", "Sourdough, chilli", 995, (ADD_ONS,)),
            Dish("Shrimp and grits", "Andouille", 1595),
        )),
        ("Coffee", (Dish("Latte", "Two shots", 495, (SIZE, MILK)), Dish("Cold brew", "Eighteen hours", 450, (SIZE,)))),
    )),
    Cuisine("Seafood", ("Canton Crab Shack", "Chesapeake Catch", "The Oyster Pier", "Rockfish & Rye"), (
        ("Plates", (
            Dish("Crab cake sandwich", "Lump crab, brioche", 1995, (SIDE,)),
            Dish("Fish and chips", "Rockfish, malt vinegar", 1695, (SIDE,)),
            Dish("Fried oysters", "A dozen", 1795, (SIDE,)),
            Dish("Steamed shrimp", "Half a pound, Old Bay", 1595),
        )),
        ("Soups", (Dish("Cream of crab", "", 895, (SIZE,)),)),
        ("Drinks", DRINKS),
    )),
)  # fmt: skip

#: Kitchens that only cities of a map have.
MORE_CUISINES: Final = (
    Cuisine("American", (), (
        ("Plates", (
            Dish("Roast chicken", "Half, herbs, pan sauce", 1695, (SIDE,)),
            Dish("Steak frites", "Hanger steak, butter", 2250),
            Dish("Mac and cheese", "Three cheeses, crumbs", 1195, (ADD_ONS,)),
            Dish("Turkey club", "Three layers", 1295, (BREAD, SIDE)),
        )),
        ("Starters", (Dish("Wedge salad", "Blue cheese, bacon", 950), Dish("Crab dip", "Warm pretzel", 1295))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Italian", (), (
        ("Pasta", (
            Dish("Spaghetti al pomodoro", "Basil, Parmesan", 1395, (SIZE,)),
            Dish("Lasagne", "Beef, béchamel", 1595),
            Dish("Gnocchi al pesto", "Potatoes, green beans", 1495),
            Dish("Linguine alle vongole", "Clams, white wine", 1895),
        )),
        ("Antipasti", (Dish("Caprese", "Mozzarella, tomato", 995), Dish("Bruschetta", "Four", 795))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Chinese", (), (
        ("Mains", (
            Dish("Kung pao", "Peanuts, dried chilli", 1350, (PROTEIN, HEAT)),
            Dish("Mapo tofu", "Sichuan pepper", 1250, (HEAT,)),
            Dish("Sweet and sour", "Pineapple, peppers", 1350, (PROTEIN,)),
            Dish("Fried rice", "Egg, spring onion", 1095, (PROTEIN,)),
        )),
        ("Small plates", (Dish("Dumplings", "Eight, steamed", 895), Dish("Spring rolls", "Four", 595))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Chicken", (), (
        ("Chicken", (
            Dish("Three pieces", "Bone in", 995, (HEAT, SIDE)),
            Dish("Tenders", "Five, two sauces", 1095, (SIDE,)),
            Dish("Wings", "Ten", 1295, (HEAT,)),
            Dish("Chicken sandwich", "Pickles, brioche", 895, (ADD_ONS, SIDE)),
        )),
        ("Sides", (Dish("Fries", "", 395, (SIZE,)), Dish("Biscuit", "Two, honey", 350))),
        ("Drinks", DRINKS),
    )),
    Cuisine("Coffee", (), (
        ("Coffee", (
            Dish("Latte", "Two shots", 495, (SIZE, MILK)),
            Dish("Cappuccino", "Two shots", 475, (SIZE, MILK)),
            Dish("Cold brew", "Eighteen hours", 450, (SIZE, MILK)),
        )),
        ("Bakery", (
            Dish("Croissant", "Butter", 395),
            Dish("Blueberry muffin", "", 375),
            Dish("Breakfast sandwich", "Egg, cheese", 695, (ADD_ONS,)),
        )),
    )),
    Cuisine("Ice cream", (), (
        ("Scoops", (
            Dish("Vanilla", "One pint", 895),
            Dish("Chocolate", "One pint", 895),
            Dish("Strawberry", "One pint", 895),
        )),
        ("Treats", (Dish("Sundae", "Hot fudge, cream", 795), Dish("Milkshake", "Thick", 695, (SIZE,)))),
    )),
)  # fmt: skip

QUARTERS: Final = ("Mount Vernon", "Federal Hill", "Canton", "Hampden", "Bolton Hill", "Fells Point")
STREETS: Final = (
    "N Charles St", "St Paul St", "Calvert St", "Light St", "E Pratt St", "Eastern Ave", "S Broadway", "Aliceanna St",
    "W Lombard St", "N Howard St", "Park Ave", "Cathedral St", "E Biddle St", "Guilford Ave", "Key Hwy", "Fleet St",
    "Thames St", "W Baltimore St", "Eutaw Pl", "Hanover St", "Fort Ave", "S Charles St", "E Madison St", "Maryland Ave",
)  # fmt: skip
FIRST: Final = (
    "Aaliyah", "Amir", "Ana", "Andre", "Ben", "Bianca", "Carlos", "Chidi", "Dana", "Darius", "Elena", "Eli", "Fatima",
    "Gabe", "Grace", "Hana", "Ibrahim", "Ines", "Jada", "Jonah", "Kai", "Keisha", "Leo", "Lin", "Malik", "Maya", "Nadia",
    "Noor", "Omar", "Priya", "Quinn", "Rosa", "Sam", "Sofia", "Tariq", "Theo", "Uma", "Victor", "Wen", "Zoe",
)  # fmt: skip
LAST: Final = (
    "Adeyemi", "Ahmed", "Baker", "Banks", "Castillo", "Chen", "Cole", "Dawson", "Diaz", "Evans", "Fischer", "Gupta",
    "Hughes", "Ivanov", "Jackson", "Johnson", "Kim", "Kowalski", "Lee", "Lopez", "Mensah", "Miller", "Nguyen", "Okafor",
    "Patel", "Price", "Reyes", "Rossi", "Santos", "Shah", "Silva", "Smith", "Tanaka", "Thomas", "Ueda", "Vargas",
    "Walker", "Weiss", "Young", "Zhang",
)  # fmt: skip
