"""Argon2id at the size OWASP names for servers that must also do other work."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """19 MiB, two passes, one lane: some 25 ms a hash.

    Django's own figures (100 MiB, eight lanes) cost over 300 ms of CPU a login on a small
    machine, so that a burst of logins would starve dispatch.
    Source: OWASP Password Storage Cheat Sheet, "Argon2id".
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1
