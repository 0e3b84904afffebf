"""Shifts, positions, deliveries, offers and rounds; `engine` is the pure core."""
