"""Shapes of menus."""

from typing import Any

from rest_framework import serializers

from fleetsync.core.api import PublicIdField, StrictSerializer


class PriceField(serializers.IntegerField):
    """Minor units, up to 100,000.00."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=10_000_000, **kwargs)


class PositionField(serializers.IntegerField):
    """Where it stands among its neighbours, from 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=32_767, required=False, **kwargs)


class OptionSerializer(serializers.Serializer[Any]):
    """One option and what it adds to the price."""

    id = PublicIdField("option_id", source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    price_minor = serializers.IntegerField(read_only=True)
    available = serializers.BooleanField(read_only=True)
    position = serializers.IntegerField(read_only=True)


class OptionInput(StrictSerializer):
    """An option as staff write it."""

    name = serializers.CharField(max_length=80)
    price_minor = PriceField(required=False)
    available = serializers.BooleanField(required=False)
    position = PositionField()


class OptionGroupSerializer(serializers.Serializer[Any]):
    """A choice that goes with an item."""

    id = PublicIdField("group_id", source="pk", read_only=True)
    item_id = PublicIdField("item_id", read_only=True)
    name = serializers.CharField(read_only=True)
    least = serializers.IntegerField(read_only=True)
    most = serializers.IntegerField(read_only=True)
    position = serializers.IntegerField(read_only=True)
    options = OptionSerializer(many=True, read_only=True)


class OptionGroupInput(StrictSerializer):
    """A choice as staff write it; at least `least` and at most `most` options are taken."""

    name = serializers.CharField(max_length=80)
    least = serializers.IntegerField(min_value=0, max_value=50, required=False)
    most = serializers.IntegerField(min_value=1, max_value=50, required=False)
    position = PositionField()


class ItemSerializer(serializers.Serializer[Any]):
    """Something to buy, as staff see it."""

    id = PublicIdField("item_id", source="pk", read_only=True)
    category_id = PublicIdField("category_id", read_only=True)
    name = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    price_minor = serializers.IntegerField(read_only=True)
    available = serializers.BooleanField(read_only=True)
    position = serializers.IntegerField(read_only=True)
    option_groups = OptionGroupSerializer(many=True, read_only=True)


class ItemInput(StrictSerializer):
    """An item as staff write it; the price is in minor units of the restaurant's currency."""

    category_id = PublicIdField("category_id")
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    price_minor = PriceField()
    available = serializers.BooleanField(required=False)
    position = PositionField()


class CategorySerializer(serializers.Serializer[Any]):
    """A section of the menu."""

    id = PublicIdField("category_id", source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
    position = serializers.IntegerField(read_only=True)


class CategoryInput(StrictSerializer):
    """A section as staff write it."""

    name = serializers.CharField(max_length=80)
    position = PositionField()


# --- what everybody reads ----------------------------------------------------


class MenuOptionSerializer(serializers.Serializer[Any]):
    """One option of a group."""

    id = PublicIdField("option_id", read_only=True)
    name = serializers.CharField(read_only=True)
    price_minor = serializers.IntegerField(read_only=True)
    available = serializers.BooleanField(read_only=True)


class MenuGroupSerializer(serializers.Serializer[Any]):
    """A choice: at least `least`, at most `most` of its options."""

    id = PublicIdField("group_id", read_only=True)
    name = serializers.CharField(read_only=True)
    least = serializers.IntegerField(read_only=True)
    most = serializers.IntegerField(read_only=True)
    options = MenuOptionSerializer(many=True, read_only=True)


class MenuItemSerializer(serializers.Serializer[Any]):
    """Something to buy."""

    id = PublicIdField("item_id", read_only=True)
    name = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    price_minor = serializers.IntegerField(read_only=True)
    available = serializers.BooleanField(read_only=True)
    option_groups = MenuGroupSerializer(many=True, read_only=True)


class MenuCategorySerializer(serializers.Serializer[Any]):
    """A section with its items."""

    id = PublicIdField("category_id", read_only=True)
    name = serializers.CharField(read_only=True)
    items = MenuItemSerializer(many=True, read_only=True)


class MenuSerializer(serializers.Serializer[Any]):
    """A whole menu. It leaves as ready bytes; this class only documents it."""

    restaurant_id = PublicIdField("restaurant_id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    currency = serializers.CharField(read_only=True)
    categories = MenuCategorySerializer(many=True, read_only=True)
