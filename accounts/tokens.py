"""JWTs: what is in them, signed and verified with the keyring. Knows no table.

One algorithm, one issuer, one audience; `typ` keeps access and refresh tokens apart; the
header's `kid` picks a key of ours and nothing else, so keys can be turned over. simplejwt signs
and checks; its own token classes are not used, because a refresh token there can be rotated
twice at once and outlives its family (`docs/decisions/0012-tokens.md`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import jwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from accounts import conf
from accounts.errors import TokenExpired, TokenInvalid
from fleetsync.core import ids

Typ = Literal["access", "refresh"]
LONGEST: Final = 2048
#: Expiry is compared here, with the clock that all processes share, never with that of one machine.
NO_EXPIRY: Final = timedelta(days=365_000)


class KeyringBackend(TokenBackend):
    """simplejwt's backend with several keys: the first of the keyring signs, the one that `kid` names checks."""

    def __init__(self) -> None:
        self.ring = conf.keyring()
        super().__init__(
            conf.ALGORITHM,
            signing_key=self.ring.keys[self.ring.signing],
            audience=conf.AUDIENCE,
            issuer=conf.ISSUER,
            leeway=NO_EXPIRY,
        )

    def encode(self, payload: dict[str, Any]) -> str:
        """Return the signed token, with the `kid` that simplejwt leaves out."""
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, self.signing_key, algorithm=self.algorithm, headers={"kid": self.ring.signing})

    def get_verifying_key(self, token: Any) -> str:
        """Return the key that the token's header names.

        Raises:
            InvalidTokenError: it names none of ours.
        """
        kid = jwt.get_unverified_header(token).get("kid")
        key = self.ring.keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise jwt.InvalidTokenError("its kid names no key of ours")
        return key


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
    claims = {
        "typ": typ,
        "sub": ids.encode("usr", user_id),
        "jti": token_id.hex,
        "fam": family_id.hex,
        "ver": version,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    return KeyringBackend().encode(claims)


def verify(*, token: str, typ: Typ, now: datetime) -> Claims:
    """Return what the token says; `now` is machine time.

    Raises:
        TokenExpired: it is ours and its time is over.
        TokenInvalid: anything else is wrong with it.
    """
    if len(token) > LONGEST:
        raise TokenInvalid
    try:
        claims = KeyringBackend().decode(token)  # type: ignore[arg-type]  # its own name for a str
        if claims["typ"] != typ or {type(claims[name]) for name in ("ver", "exp", "iat")} != {int}:
            raise TokenInvalid
        said = Claims(
            user_id=ids.decode("usr", claims["sub"]),
            token_id=UUID(hex=claims["jti"]),
            family_id=UUID(hex=claims["fam"]),
            version=claims["ver"],
            expires_at=datetime.fromtimestamp(claims["exp"], now.tzinfo),
        )
    except (TokenBackendError, LookupError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise TokenInvalid from error
    if said.expires_at <= now:
        raise TokenExpired
    return said
