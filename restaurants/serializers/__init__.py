"""Shapes of the restaurants app."""
