"""`Idempotency-Key`: the same request again is answered with the stored answer, not done again.

Required on POST /orders, honoured on every POST that changes the database. The stored
row is written in the transaction of the effect; a refusal stores nothing (but for what it
`keeps`, a count of wrong guesses). A key belongs
to a user: without a login it says nothing, or one stranger could fetch another's answer.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from fleetsync.core import clock
from fleetsync.core.errors import (
    DomainError,
    IdempotencyInFlight,
    IdempotencyKeyMissing,
    IdempotencyMismatch,
    InvalidInput,
)
from fleetsync.core.models import IdempotencyKey

KEPT_HEADERS = ("Location", "ETag", "Retry-After")


class IdempotentPosts:
    """Mixin of API views: a POST with a key is done once.

    `idempotency_required_actions` names viewset actions that demand a key (a plain view's
    action is `post`); `idempotency_ignored_actions` those that change nothing or answer
    with a secret (pings, logins, tickets).
    """

    idempotency_required_actions: tuple[str, ...] = ()
    idempotency_ignored_actions: tuple[str, ...] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Wrap the POST handler once the caller is known and allowed."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.method != "POST":
            return
        action = getattr(self, "action", None) or "post"
        if action in self.idempotency_ignored_actions:
            return
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            if action in self.idempotency_required_actions:
                raise IdempotencyKeyMissing(attr="Idempotency-Key")
            return
        if len(key) > 255 or not key.isprintable():
            raise InvalidInput("An Idempotency-Key has 1 to 255 printable characters.", attr="Idempotency-Key")
        handler = getattr(self, "post", None)
        if handler is not None and request.user.is_authenticated:
            self.post = _once(handler, key)


def _once(handler: Callable[..., Response], key: str) -> Callable[..., Response]:
    def run(request: Request, *args: Any, **kwargs: Any) -> Response:
        user_id: UUID = request.user.pk  # type: ignore[assignment]  # only of a login
        route = request.path
        digest = hashlib.sha256(json.dumps(_plain(request.data), sort_keys=True).encode()).hexdigest()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 11))",
                    [f"{user_id}|{route}|{key}"],
                )
                if not cursor.fetchone()[0]:
                    raise IdempotencyInFlight
            stored = IdempotencyKey.objects.filter(user_id=user_id, route=route, key=key).first()
            if stored is not None:
                if stored.body_hash != digest:
                    raise IdempotencyMismatch(attr="Idempotency-Key")
                headers = {**stored.headers, "Idempotent-Replayed": "true"}
                return Response(stored.body, status=stored.status, headers=headers)
            try:
                response = handler(request, *args, **kwargs)
            except DomainError as refusal:
                if not refusal.keeps:
                    raise
                kept = refusal
            else:
                return _store(response, user_id=user_id, route=route, key=key, digest=digest)
        raise kept

    return run


def _store(response: Response, *, user_id: UUID, route: str, key: str, digest: str) -> Response:
    """Keep the answer in the transaction of its effect; a refusal undoes both."""
    if response.status_code >= 400:
        transaction.set_rollback(True)
        return response
    IdempotencyKey.objects.create(
        user_id=user_id,
        route=route,
        key=key,
        body_hash=digest,
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=_plain(response.data),
        created_at=clock.real_now(),
    )
    return response


def _plain(data: Any) -> Any:
    """Return request or response data as plain JSON values, written as the renderer writes them."""
    return None if data is None else json.loads(json.dumps(data, cls=JSONEncoder))
