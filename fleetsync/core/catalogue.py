"""Every problem code of the product in one list; the documentation and `/docs/problems` are made from it."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule
from rest_framework import exceptions

from fleetsync.core import errors, parsers
from fleetsync.core.problems import STATUS, TITLES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """A code, its HTTP status, its title, and what it means to whoever meets it."""

    app: str
    code: str
    status: int
    title: str
    meaning: str


#: What the framework refuses by itself: the exception behind each of DRF's codes.
_FRAMEWORK: Final[tuple[type[exceptions.APIException], ...]] = (
    exceptions.ParseError,
    exceptions.NotAuthenticated,
    exceptions.AuthenticationFailed,
    exceptions.PermissionDenied,
    exceptions.MethodNotAllowed,
    exceptions.NotAcceptable,
    exceptions.UnsupportedMediaType,
    exceptions.Throttled,
    parsers.PayloadTooLarge,
)
_MEANINGS: Final = {
    "not-authenticated": "No token came with the request.",
    "authentication-failed": "The credentials are not valid.",
    "permission-denied": "The role, or a missing CSRF token, forbids it.",
    "parse-error": "`detail` says where it breaks off.",
    "not-acceptable": "The API speaks JSON; `Accept` excludes it.",
    "unsupported-media-type": "The API reads JSON; `Content-Type` says something else.",
    "payload-too-large": "More than the server reads at once; send less, or in parts.",
    "method-not-allowed": "The `Allow` header says which methods there are.",
    "throttled": "`Retry-After` says how many seconds to wait.",
}


def problem_types() -> list[ProblemType]:
    """Return all codes, the core's first, then app by app, each by code; a refined one counts once."""
    _import_all()
    found = {(each.app, each.code): each for each in [*_of_framework(), *_of_domain()]}
    labels = ["core", *(config.label for config in _own_apps() if config.label != "core")]
    return sorted(found.values(), key=lambda each: (labels.index(each.app), each.code))


def _own_apps() -> list[Any]:
    root = Path(settings.BASE_DIR)
    return [
        config for config in apps.get_app_configs() if root in Path(config.path).parents and ".venv" not in config.path
    ]


def _import_all() -> None:
    for config in _own_apps():
        if config.module is not None and module_has_submodule(config.module, "errors"):
            import_module(f"{config.name}.errors")


def _of_framework() -> Iterator[ProblemType]:
    for cls in _FRAMEWORK:
        code, title = TITLES[cls.default_code]
        yield ProblemType(app="core", code=code, status=cls.status_code, title=title, meaning=_MEANINGS.get(code, ""))
    yield ProblemType(
        app="core",
        code="bad-request",
        status=400,
        title="The request cannot be used.",
        meaning="The host name is not one of ours, or the request is malformed.",
    )
    yield ProblemType(
        app="core",
        code="internal",
        status=500,
        title="Something went wrong on our side.",
        meaning="A bug, logged with the `X-Request-ID` of the answer.",
    )


def _of_domain() -> Iterator[ProblemType]:
    for cls in _descendants(errors.DomainError):
        refines = any(base.__dict__.get("code") == cls.code for base in cls.__mro__[1:])
        if not refines and not cls.__module__.startswith("tests."):
            yield ProblemType(
                app=_app_of(cls),
                code=cls.code,
                status=STATUS[cls.kind],
                title=cls.title,
                meaning=" ".join((inspect.getdoc(cls) or "").split()),
            )


def _descendants(cls: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)


def _app_of(cls: type[errors.DomainError]) -> str:
    config = apps.get_containing_app_config(cls.__module__)
    return config.label if config else "core"


def markdown() -> str:
    """Return the page `docs/problems.md`."""
    lines = [
        "# Problem codes",
        "",
        "Made by `python3 manage.py problem_docs > docs/problems.md`; a test keeps it current.",
        "",
        "Every error is a document of type `application/problem+json` (RFC 9457):",
        "",
        "```json",
        '{"type": "/docs/problems#item-unavailable", "title": "An item or option is sold out.", "status": 422,',
        ' "code": "item-unavailable", "detail": "Soup is sold out.", "item_id": "itm_…",',
        ' "errors": [{"code": "item-unavailable", "detail": "Soup is sold out.", "attr": "items.0.item_id"}]}',
        "```",
        "",
        "`code` is stable: branch on it, never on texts. `errors` names the fields that are to blame. Where a",
        "meaning names a member (`opens_at`), it stands beside `code`. After 429 and 503 wait for `Retry-After`.",
    ]
    app = None
    for each in problem_types():
        if each.app != app:
            app = each.app
            lines += ["", f"## {app}", "", "| code | status | title | meaning |", "|---|---|---|---|"]
        lines.append(f'| <a id="{each.code}"></a>`{each.code}` | {each.status} | {each.title} | {each.meaning} |')
    return "\n".join(lines) + "\n"
