"""Words of the accounts app."""

from django.db import models


class Role(models.TextChoices):
    """What a user is to the platform; one role a user."""

    CUSTOMER = "CUSTOMER"
    DRIVER = "DRIVER"
    RESTAURANT = "RESTAURANT"  # staff of one or more restaurants
    DISPATCHER = "DISPATCHER"
    ADMIN = "ADMIN"


OPS = frozenset({Role.DISPATCHER, Role.ADMIN})


class DocumentKind(models.TextChoices):
    """What a driver has to show."""

    LICENCE = "LICENCE", "Driving licence"
    INSURANCE = "INSURANCE"
    REGISTRATION = "REGISTRATION", "Vehicle registration"
    IDENTITY = "IDENTITY", "Proof of identity"
    OTHER = "OTHER"


class Vehicle(models.TextChoices):
    """What a driver rides."""

    BICYCLE = "BICYCLE"
    SCOOTER = "SCOOTER"
    CAR = "CAR"
