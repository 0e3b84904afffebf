"""Settings of the accounts app: token lives and keys, invitations, and how many wrong passwords."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings

from fleetsync.core.throttles import Rate

ALGORITHM: Final = "HS256"
ISSUER: Final = "fleetsync"
AUDIENCE: Final = "fleetsync-api"

TICKET_LIFE: Final = timedelta(seconds=30)
#: A login ends after this long however often it was refreshed.
FAMILY_LIFE: Final = timedelta(days=60)
INVITATION_LIFE: Final = timedelta(days=7)

#: Wrong passwords for one account from one address, and from one address for any account.
ACCOUNT_FAILURES: Final = Rate(5, 60)
ADDRESS_FAILURES: Final = Rate(50, 60)
#: Links asked for by one address for one account, and for any.
ACCOUNT_RESETS: Final = Rate(3, 900)
ADDRESS_RESETS: Final = Rate(20, 900)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyring:
    """Keys by `kid`; `signing` names the one new tokens are signed with, all others still verify."""

    signing: str
    keys: dict[str, str]


def keyring() -> Keyring:
    """Return the keys from FLEETSYNC_JWT_KEYS (`kid:secret`, first one signs), else one derived key.

    Raises:
        ValueError: an entry has no `kid:` in front, or a secret below 32 characters.
    """
    keys: dict[str, str] = {}
    for entry in settings.FLEETSYNC_JWT_KEYS:
        kid, _, secret = str(entry).partition(":")
        if not kid or len(secret) < 32:
            raise ValueError("FLEETSYNC_JWT_KEYS: each entry is kid:secret with at least 32 characters of secret")
        keys.setdefault(kid, secret)
    if not keys:
        derived = hmac.new(settings.SECRET_KEY.encode(), b"fleetsync.accounts.jwt", hashlib.sha256).hexdigest()
        keys = {"derived": derived}
    return Keyring(signing=next(iter(keys)), keys=keys)


def access_life() -> timedelta:
    """Return how long an access token lives, machine time."""
    return timedelta(seconds=settings.FLEETSYNC_ACCESS_LIFE_S)


def refresh_life() -> timedelta:
    """Return how long an unused refresh token lives, machine time."""
    return timedelta(seconds=settings.FLEETSYNC_REFRESH_LIFE_S)
