"""How settings read the environment, from variables, from files that variables name, from `.env`; what is refused."""

from importlib.util import find_spec
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

KINDS = ("development", "demo", "test", "replay", "production")
SECRET_LENGTH = 50


class Given(FileAwareMapping):  # type: ignore[misc]
    """What was given: NAME, or the text of the file in NAME_FILE. Nothing but an empty value counts as not given."""

    def __getitem__(self, key: str) -> str:
        value = str(super().__getitem__(key)).rstrip("\r\n")  # files end with a line's end, secrets do not
        if not value:
            raise KeyError(key)
        return value


class Environment(environ.Env):  # type: ignore[misc]
    """Typed values; an empty one leaves the default, so a line of `.env.example` may be uncommented as it stands."""

    ENVIRON = Given()


def refuse_unsafe(*, kind: str, debug: bool, secret_key: str, email_backend: str) -> None:
    """Do not start an unknown kind of installation, nor production with what is meant for development.

    Raises:
        ImproperlyConfigured: with the name of the setting, and what to set.

    """
    if kind not in KINDS:
        raise ImproperlyConfigured(f"FLEETSYNC_ENV: expected one of {', '.join(KINDS)}, got {kind!r}")
    if kind != "production":
        return
    if debug:
        raise ImproperlyConfigured("DEBUG: its pages show settings and code; production needs DEBUG=False")
    if secret_key.startswith("insecure-") or len(secret_key) < SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"FLEETSYNC_SECRET_KEY: production needs one of its own, at least {SECRET_LENGTH} characters; "
            "make it with openssl rand -hex 40"
        )
    if email_backend.endswith(".console.EmailBackend"):
        raise ImproperlyConfigured(
            "EMAIL_BACKEND: the console's would print links to set passwords; "
            "set django.core.mail.backends.smtp.EmailBackend and EMAIL_HOST"
        )


def wheel(package: str) -> Path:
    """Return the folder of an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImproperlyConfigured(f"{package}: not installed; run pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def wheel_library(package: str, pattern: str) -> str | None:
    """Return the C library that a wheel carries, so that GeoDjango needs no system GDAL; None: it carries none."""
    libraries = wheel(package).with_name(f"{package}.libs")
    return next((str(path) for path in sorted(libraries.glob(pattern))), None)
