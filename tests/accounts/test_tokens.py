"""JWTs: ours, for this use, in time; everything else is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from accounts import conf, tokens
from accounts.errors import TokenExpired, TokenInvalid
from fleetsync.core import ids

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
USER, TOKEN, FAMILY = UUID(int=1), UUID(int=2), UUID(int=3)


def signed(typ="access", **changes):
    values = {"user_id": USER, "token_id": TOKEN, "family_id": FAMILY, "version": 4, "now": NOW}
    return tokens.sign(typ=typ, life=timedelta(minutes=10), **values | changes)


def forged(*, key=None, algorithm="HS256", headers=None, **changes):
    """Return a token with our key and other claims, unless told otherwise."""
    ring = conf.keyring()
    claims = jwt.decode(signed(), options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(
        claims,
        ring.keys[ring.signing] if key is None else key,
        algorithm,
        headers={"kid": ring.signing} | (headers or {}),
    )


class TestVerify:
    def test_returns_what_was_signed(self):
        claims = tokens.verify(token=signed(), typ="access", now=NOW)
        assert (claims.user_id, claims.token_id, claims.family_id, claims.version) == (USER, TOKEN, FAMILY, 4)
        assert claims.expires_at == NOW + timedelta(minutes=10)

    def test_names_the_user_as_a_string(self):
        assert jwt.decode(signed(), options={"verify_signature": False})["sub"] == ids.encode("usr", USER)

    def test_accepts_the_last_second_and_refuses_the_next(self):
        last = NOW + timedelta(minutes=10)
        tokens.verify(token=signed(), typ="access", now=last - timedelta(seconds=1))
        with pytest.raises(TokenExpired):
            tokens.verify(token=signed(), typ="access", now=last)

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "somebody"},
            {"iss": None},
            {"aud": "another"},
            {"aud": None},
            {"typ": "refresh"},
            {"typ": None},
            {"exp": None},
            {"exp": 10**18},
            {"exp": True},
            {"ver": "4"},
            {"ver": True},
            {"ver": None},
            {"fam": None},
            {"fam": "x"},
            {"jti": None},
            {"sub": None},
            {"sub": "drv_00000000000000000000000001"},
            {"sub": "usr_zz"},
            {"key": "0" * 64},
            {"headers": {"kid": "../../etc/passwd"}},
            {"headers": {"kid": "' OR 1=1"}},
            {"headers": {"kid": "unknown"}},
            {"algorithm": "HS512"},
            {"headers": {"crit": ["b64"], "b64": False}},
        ],
        ids=str,
    )
    def test_refuses_a_token_with_one_thing_wrong(self, changes):
        with pytest.raises(TokenInvalid):
            tokens.verify(token=forged(**changes), typ="access", now=NOW)

    def test_refuses_a_token_without_a_signature(self):
        head, body, _ = signed().split(".")
        none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": conf.keyring().signing}).encode())
        for token in (
            f"{none.decode().rstrip('=')}.{body}.",
            f"{head}.{body}.",
            f"{head}.{body}",
            "",
            "a.b.c",
            "é.é.é",
        ):
            with pytest.raises(TokenInvalid):
                tokens.verify(token=token, typ="access", now=NOW)

    def test_refuses_what_is_too_long_to_look_at(self):
        with pytest.raises(TokenInvalid):
            tokens.verify(token=signed() + "A" * 4000, typ="access", now=NOW)


class TestKeyring:
    OLD, NEW = "o" * 32, "n" * 32

    def test_keeps_old_tokens_valid_while_a_new_key_signs(self, settings):
        settings.FLEETSYNC_JWT_KEYS = [f"2025:{self.OLD}"]
        old = signed()
        settings.FLEETSYNC_JWT_KEYS = [f"2026:{self.NEW}", f"2025:{self.OLD}"]
        assert jwt.get_unverified_header(signed())["kid"] == "2026"
        tokens.verify(token=old, typ="access", now=NOW)
        settings.FLEETSYNC_JWT_KEYS = [f"2026:{self.NEW}"]
        with pytest.raises(TokenInvalid):
            tokens.verify(token=old, typ="access", now=NOW)

    @pytest.mark.parametrize("entry", ["nokid", ":" + "s" * 40, "kid:short"])
    def test_refuses_a_key_without_a_name_or_too_short(self, settings, entry):
        settings.FLEETSYNC_JWT_KEYS = [entry]
        with pytest.raises(ValueError, match="FLEETSYNC_JWT_KEYS"):
            conf.keyring()

    def test_derives_a_key_that_is_not_the_secret_itself(self, settings):
        ring = conf.keyring()
        assert ring.keys["derived"] != settings.SECRET_KEY
        settings.SECRET_KEY = "another" * 10
        assert conf.keyring() != ring
