"""One socket for everybody, `/ws/v1/`: a Channels consumer without a layer. docs/protocol.md is its contract."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from prometheus_client import Counter
from psycopg_pool import PoolTimeout

from fleetsync.core import clock, ids
from fleetsync.core.errors import DomainError, Overloaded
from fleetsync.core.events import topic_of
from tracking import frames, runtime, services, snapshots, topics
from tracking.commands import acknowledge
from tracking.conf import SOCKET
from tracking.errors import CloseCode, LogForgotten, TooManyTopics, TopicForbidden, TopicUnknown
from tracking.outbox import Closed, SocketQueue, TokenBucket
from tracking.selectors import Login, events_after, require_topic
from tracking.subscriptions import LoginWatch, Loss, Subscription

log = logging.getLogger(__name__)

PROTOCOL: Final = "fleetsync.v1"
SECRETS: Final = ("bearer.", "ticket.", "track.")
TRY_AGAIN_LATER: Final = 1013
#: A secret in an address ends up in logs and histories, so it opens nothing.
NOT_IN_THE_URL: Final = frozenset({"token", "access", "access_token", "bearer", "jwt", "ticket", "track"})
CLOSED = Counter("fleetsync_live_closed", "Sockets closed by the server, by code.", ["code"])
SENT = Counter("fleetsync_live_sent", "Frames sent.")


class LiveConsumer(AsyncConsumer):  # type: ignore[misc]
    """Subscribe, resume after a sequence number, answer pings; the rules live in selectors."""

    channel_layer_alias = ""  # fan-out is the hub's

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one ASGI message; Channels' own look at database connections is not needed in the loop."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    # --- life -------------------------------------------------------------------

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        """Check origin and secret, then greet. The answer to a bad secret is a close code a browser can read."""
        self.queue = SocketQueue()
        self.bucket = TokenBucket()
        self.subscriptions: dict[str, Subscription] = {}
        self.login: Login | None = None
        self.family_id: UUID | None = None
        self.login_watch: LoginWatch | None = None
        self.closing: asyncio.Task[None] | None = None
        self.writer: asyncio.Task[None] | None = None
        self.expiry: asyncio.TimerHandle | None = None
        self.again: set[asyncio.Task[None]] = set()
        if not self._origin_is_ours():
            await self.send({"type": "websocket.close", "code": CloseCode.AUTH})
            raise StopConsumer
        offered = self.scope.get("subprotocols", [])
        chosen = {"subprotocol": PROTOCOL} if PROTOCOL in offered else {}
        await self.send({"type": "websocket.accept", **chosen})
        self.runtime = runtime.of_this_loop()
        secret = next((each for each in offered if each.startswith(SECRETS)), "")
        if not chosen or not secret or self._secret_in_url():
            self.close(CloseCode.AUTH, "a subprotocol fleetsync.v1 and a secret are needed")
            return
        await self.runtime.start()
        try:
            login = await self.runtime.in_thread(services.log_in, secret=secret, real_now=clock.real_now())
            await self._open(login)
        except DomainError as refusal:
            self.close(CloseCode.AUTH, refusal.code)
        except (DatabaseError, PoolTimeout):
            self.close(TRY_AGAIN_LATER, "try again later")

    async def _open(self, login: Login) -> None:
        self.runtime.sockets.add(self)
        runtime.SOCKETS.set(len(self.runtime.sockets))
        self._adopt(login)
        viewer = login.viewer
        if viewer.user is not None:
            feed = self.runtime.feed(topic_of("user", viewer.user.pk))
            self.login_watch = LoginWatch(feed, login.user_head, self.end)
            await self.runtime.heard(feed)
            feed.begin_at(login.user_head)
            await feed.catch_up(self.login_watch, self.queue.room)
        hello: dict[str, Any] = {
            "type": "ready",
            "now": clock.now().isoformat(),
            "scale": clock.scale(),
            "user_id": ids.public("user_id", viewer.user.pk) if viewer.user else None,
            "role": viewer.audience.value,
        }
        if viewer.link_order_id is not None:
            hello["topic"] = topic_of("order", viewer.link_order_id)
        self.queue.put(orjson.dumps(hello).decode())
        self.writer = asyncio.get_running_loop().create_task(self._write(), name="socket-writer")

    def _adopt(self, login: Login) -> None:
        """Take over a login and close when it ends."""
        self.login, self.family_id = login, login.family_id
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None
        if login.expires_at is not None:
            left_s = max(0.0, (login.expires_at - clock.real_now()).total_seconds())
            self.expiry = asyncio.get_running_loop().call_later(left_s, self.end, "the token has expired")

    async def websocket_disconnect(self, _message: dict[str, Any]) -> None:
        """Forget the socket."""
        self._forget()
        raise StopConsumer

    def _forget(self) -> None:
        if self.expiry is not None:
            self.expiry.cancel()
        self.queue.close()
        for task in (self.writer, *self.again):
            if task is not None:
                task.cancel()
        for subscription in self.subscriptions.values():
            subscription.feed.leave(subscription)
            self.runtime.release(subscription.feed)
        self.subscriptions.clear()
        if self.login_watch is not None:
            self.login_watch.feed.leave(self.login_watch)
            self.runtime.release(self.login_watch.feed)
            self.login_watch = None
        if self.login is not None:
            self.runtime.sockets.discard(self)
            runtime.SOCKETS.set(len(self.runtime.sockets))

    def end(self, reason: str) -> None:
        """Close: the login is over."""
        self.close(CloseCode.AUTH, reason)

    def close(self, code: int, reason: str) -> None:
        """Close with a code, once; what still waits is dropped."""
        if self.closing is None:
            CLOSED.labels(int(code)).inc()
            self.queue.close()
            self.closing = asyncio.get_running_loop().create_task(self._say_goodbye(int(code), reason))

    async def _say_goodbye(self, code: int, reason: str) -> None:
        """Send the close frame; a peer that reads nothing is cut off after a while."""
        if self.writer is not None:
            self.writer.cancel()
        goodbye = {"type": "websocket.close", "code": code, "reason": reason[:120]}
        try:
            await asyncio.wait_for(self.base_send(goodbye), SOCKET.close_wait_s)
        except TimeoutError:
            transport = getattr(getattr(self.base_send, "__self__", None), "transport", None)
            if transport is not None:
                transport.abort()
        except (OSError, RuntimeError) as error:
            log.debug("tracking.socket.gone", extra={"error": type(error).__name__})

    # --- writing ----------------------------------------------------------------

    async def _write(self) -> None:
        """Send what waits, in order, until the socket is gone."""
        with suppress(Closed):
            while True:
                text = await self.queue.get()
                try:
                    await self.base_send({"type": "websocket.send", "text": text})
                except (OSError, RuntimeError) as error:
                    log.debug("tracking.socket.gone", extra={"error": type(error).__name__})
                    self.queue.close()  # wakes a replay that waits for room
                    return
                SENT.inc()

    def send_event(self, text: str) -> None:
        """Queue an event; business events are never dropped, so a full queue closes the socket."""
        if not self.queue.put(text):
            self.close(CloseCode.TOO_SLOW, "reads too slowly; come back with after_seq")

    def send_position(self, key: str, text: str) -> None:
        """Queue a position; the newest wins."""
        self.queue.put_newest(key, text)

    def _tell(self, kind: str, *, topic: str | None = None, seq: int | None = None, data: Any = None) -> None:
        self.send_event(frames.encode(kind, topic=topic, seq=seq, at=clock.now().isoformat(), data=data or {}))

    async def _room(self) -> None:
        """Wait until the queue has room, for a while; then the reader is too slow.

        Raises:
            Closed: the socket is gone or too slow.
        """
        try:
            await asyncio.wait_for(self.queue.room(), SOCKET.room_wait_s)
        except TimeoutError:
            self.close(CloseCode.TOO_SLOW, "reads too slowly; come back with after_seq")
            raise Closed from None

    # --- reading ----------------------------------------------------------------

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Take one frame of the client."""
        if self.closing is not None or self.login is None:
            return
        if not self.bucket.take(time.monotonic()):
            self.close(CloseCode.FLOOD, f"more than {SOCKET.frames_a_s:g} frames a second")
            return
        text = message.get("text")
        try:
            frame = frames.read(text if text is not None else "")
        except frames.BadFrame as error:
            self.close(CloseCode.BAD_FRAME, str(error))
            return
        try:
            await self._obey(frame, self.login)
        except TopicForbidden as refusal:
            self.close(CloseCode.TOPIC, refusal.code)
        except TopicUnknown as refusal:
            self.close(CloseCode.BAD_FRAME, refusal.code)
        except DomainError as refusal:
            self._refuse(refusal, frame)
        except (DatabaseError, PoolTimeout):
            self._refuse(Overloaded(), frame)
        except Closed:
            return

    def _refuse(self, refusal: DomainError, frame: frames.AnyClientFrame) -> None:
        """Tell of a refusal, in the members of a problem document."""
        topic = getattr(frame, "topic", None)
        about = frame.__struct_config__.tag
        data = {"of": about, "code": refusal.code, "title": refusal.title, "detail": refusal.detail}
        self._tell("error", topic=topic, data=data | refusal.members)

    async def _obey(self, frame: frames.AnyClientFrame, login: Login) -> None:
        viewer = login.viewer
        if isinstance(frame, frames.Ping):
            self._tell("pong", data={"now": clock.now().isoformat(), "scale": clock.scale()})
        elif isinstance(frame, frames.Subscribe):
            after = frame.after_seq if isinstance(frame.after_seq, int) else None
            await self._subscribe(topics.read(frame.topic, driver_id=viewer.driver_id), login, after)
        elif isinstance(frame, frames.Unsubscribe):
            self._unsubscribe(topics.read(frame.topic, driver_id=viewer.driver_id).shown)
            self._tell("unsubscribed", topic=frame.topic)
        elif isinstance(frame, frames.Auth):
            await self._log_in_again(frame.bearer, login)
        elif viewer.driver_id is None:
            raise TopicForbidden
        elif isinstance(frame, frames.Position):
            await self.runtime.in_thread(
                services.take_positions, driver_id=viewer.driver_id, points=frame.points, now=clock.now()
            )
        else:
            await self.runtime.in_thread(acknowledge, offer_id=frame.offer_id, viewer=viewer, now=clock.now())
            self._tell("acked", topic=topics.DRIVER_ME, data={"offer_id": frame.offer_id})

    async def _log_in_again(self, bearer: str, login: Login) -> None:
        """Take a fresh token of the same user; anything else ends the socket."""
        try:
            new = await self.runtime.in_thread(services.log_in_again, bearer=bearer, real_now=clock.real_now())
        except DomainError as refusal:
            self.close(CloseCode.AUTH, refusal.code)
            return
        if login.viewer.user is None or new.viewer.user != login.viewer.user:
            self.close(CloseCode.AUTH, "another user")
            return
        self._adopt(new)
        self._tell("authenticated", data={"expires_at": new.expires_at.isoformat() if new.expires_at else None})

    # --- topics -----------------------------------------------------------------

    async def _subscribe(self, topic: topics.Topic, login: Login, after: int | None) -> None:
        """Send the snapshot, then what was missed, then everything as it comes.

        The hub hears the topic before the snapshot is read, so nothing falls in between.
        """
        self._unsubscribe(topic.shown)
        if len(self.subscriptions) >= SOCKET.topics:
            raise TooManyTopics
        feed = self.runtime.feed(topic.source)
        subscription = Subscription(topic=topic, feed=feed, viewer=login.viewer, sink=self, lost=self._lost)
        feed.members.add(subscription)
        self.subscriptions[topic.shown] = subscription
        try:
            await self.runtime.heard(feed)
            await self._begin(subscription, after)
        except BaseException:
            if self.subscriptions.get(topic.shown) is subscription:
                self._unsubscribe(topic.shown)
            raise

    async def _begin(self, subscription: Subscription, after: int | None) -> None:
        topic, feed = subscription.topic, subscription.feed
        data = await self.runtime.in_thread(snapshots.take, topic=topic, viewer=subscription.viewer, now=clock.now())
        seq = int(data["seq"])
        feed.begin_at(seq)
        lost = after is not None and (after > seq or seq - after > SOCKET.replay_frames)
        if after is not None and not lost:
            try:
                await self.runtime.in_thread(_require_kept, topic.source, after, seq)
            except LogForgotten:
                lost = True
        await self._room()
        if lost:
            self._tell("reset", topic=topic.shown, seq=seq)
        subscription.cursor = seq if after is None or lost else after
        # `seq`: the events after it follow; `data.seq`: those up to it are in the snapshot already
        self._tell("snapshot", topic=topic.shown, seq=subscription.cursor, data=data)
        await feed.catch_up(subscription, self._room)

    def _unsubscribe(self, shown: str) -> None:
        subscription = self.subscriptions.pop(shown, None)
        if subscription is not None:
            subscription.feed.leave(subscription)
            self.runtime.release(subscription.feed)

    def _lost(self, subscription: Subscription, why: Loss) -> None:
        """End a subscription, begin it again, or ask whether it may go on."""
        shown = subscription.topic.shown
        if self.subscriptions.get(shown) is not subscription:
            return
        if why is Loss.OVER:
            self._unsubscribe(shown)
            self._tell("unsubscribed", topic=shown, data={"reason": "not-yours-any-more"})
            return
        if why is Loss.FORGOTTEN:
            subscription.feed.leave(subscription)
            subscription.feed.members.add(subscription)
        work = self._start_over(subscription) if why is Loss.FORGOTTEN else self._ask_again(subscription)
        task = asyncio.get_running_loop().create_task(work)
        self.again.add(task)
        task.add_done_callback(self.again.discard)

    async def _start_over(self, subscription: Subscription) -> None:
        try:
            self._tell("reset", topic=subscription.topic.shown)
            await self._begin(subscription, None)
        except (Closed, DomainError, DatabaseError, PoolTimeout):
            self.close(CloseCode.TOO_SLOW, "come back for a new snapshot")

    async def _ask_again(self, subscription: Subscription) -> None:
        """Close when the topic is not the viewer's any more; the next socket asks for all of them."""
        try:
            await self.runtime.in_thread(require_topic, topic=subscription.topic, viewer=subscription.viewer)
        except (TopicForbidden, DatabaseError, PoolTimeout):
            self.close(CloseCode.TOPIC, "topic-forbidden")

    # --- who may connect --------------------------------------------------------

    def _origin_is_ours(self) -> bool:
        """Browsers send an Origin and it must be on the list; native apps send none."""
        origins = [value.decode("latin-1") for name, value in self.scope.get("headers", []) if name == b"origin"]
        return all(origin in settings.FLEETSYNC_ORIGINS for origin in origins)

    def _secret_in_url(self) -> bool:
        query = parse_qsl(self.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        return any(name.lower() in NOT_IN_THE_URL for name, _ in query)


def _require_kept(topic: str, after: int, seq: int) -> None:
    """Let pass whose next event is still in the log.

    Raises:
        LogForgotten: it is not.
    """
    if after < seq and not events_after(topic=topic, after=after, limit=1):
        raise LogForgotten
