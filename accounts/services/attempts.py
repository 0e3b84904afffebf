"""Counting tries of secrets: by account and address, so that a stranger locks nobody out, and by address."""

from accounts import conf, errors
from fleetsync.core import redis, throttles
from fleetsync.core.throttles import Rate


def _account(email: str, address: str) -> str:
    return f"{email.strip().lower()}|{address}"


def _count(kind: str, email: str, address: str, by_account: Rate, by_address: Rate) -> None:
    try:
        for scope, ident, rate in (
            (f"{kind}-account", _account(email, address), by_account),
            (f"{kind}-address", address, by_address),
        ):
            counted = throttles.count(scope, ident, rate)
            if counted.used > counted.most:
                raise errors.TooManyLogins(retry_after_s=counted.reset_s)
    except redis.RedisDown as error:
        raise errors.LoginHeld(retry_after_s=2) from error


def begin_attempt(*, email: str, address: str) -> None:
    """Count a try of a password before it is made, so that tries at once cannot slip through.

    Raises:
        TooManyLogins: a limit is passed; `retry_after_s` says when the window ends.
        LoginHeld: it cannot be counted just now.
    """
    _count("login", email, address, conf.ACCOUNT_FAILURES, conf.ADDRESS_FAILURES)


def attempt_succeeded(*, email: str, address: str) -> None:
    """Take the try back: only failures count."""
    throttles.forget("login-account", _account(email, address), conf.ACCOUNT_FAILURES)
    throttles.uncount("login-address", address, conf.ADDRESS_FAILURES)


def ask_attempted(*, email: str, address: str) -> None:
    """Count a wish for a mail.

    Raises:
        TooManyLogins, LoginHeld: as `begin_attempt`.
    """
    _count("reset", email, address, conf.ACCOUNT_RESETS, conf.ADDRESS_RESETS)
