"""JWTs: what is in them, signed and verified with the keyring. Knows no table.

One algorithm, one issuer, one audience; `typ` keeps access and refresh tokens apart; the
header's `kid` picks a key of ours and nothing else, so keys can be turned over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import jwt

from accounts import conf
from accounts.errors import TokenExpired, TokenInvalid
from fleetsync.core import ids

Typ = Literal["access", "refresh"]
REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub", "jti", "typ", "fam", "ver"]
LONGEST: Final = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a verified token says. `version` must equal the user's `token_version`."""

    user_id: UUID
    token_id: UUID
    family_id: UUID
    version: int
    expires_at: datetime


def sign(
    *, typ: Typ, user_id: UUID, token_id: UUID, family_id: UUID, version: int, now: datetime, life: timedelta
) -> str:
    """Return a signed token; `now` is machine time."""
    ring = conf.keyring()
    claims: dict[str, Any] = {
        "iss": conf.ISSUER,
        "aud": conf.AUDIENCE,
        "typ": typ,
        "sub": ids.encode("usr", user_id),
        "jti": token_id.hex,
        "fam": family_id.hex,
        "ver": version,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    return jwt.encode(claims, ring.keys[ring.signing], algorithm=conf.ALGORITHM, headers={"kid": ring.signing})


def verify(*, token: str, typ: Typ, now: datetime) -> Claims:
    """Return what the token says; `now` is machine time.

    Raises:
        TokenExpired: it is ours and its time is over.
        TokenInvalid: anything else is wrong with it.
    """
    if len(token) > LONGEST:
        raise TokenInvalid
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = conf.keyring().keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenInvalid
        claims = jwt.decode(
            token,
            key,
            algorithms=[conf.ALGORITHM],
            issuer=conf.ISSUER,
            audience=conf.AUDIENCE,
            # the moment is compared below, with the clock all processes share
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        if claims["typ"] != typ or type(claims["ver"]) is not int or type(claims["exp"]) is not int:
            raise TokenInvalid
        said = Claims(
            user_id=ids.decode("usr", claims["sub"]),
            token_id=UUID(hex=claims["jti"]),
            family_id=UUID(hex=claims["fam"]),
            version=claims["ver"],
            expires_at=datetime.fromtimestamp(claims["exp"], now.tzinfo),
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise TokenInvalid from error
    if said.expires_at <= now:
        raise TokenExpired
    return said
