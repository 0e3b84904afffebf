"""Writes of the restaurants app, by verb."""

from restaurants.services.restaurants import (
    create_restaurant,
    delete_restaurant,
    pause_restaurant,
    resume_restaurant,
    update_restaurant,
)

__all__ = [
    "create_restaurant",
    "delete_restaurant",
    "pause_restaurant",
    "resume_restaurant",
    "update_restaurant",
]
