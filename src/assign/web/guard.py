"""
What neither the server nor the framework does: a body of bounded size that arrives in bounded time, for every address (413, 408); and the
headers that every answer has. Plain ASGI, since a framework's middleware would read the body first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from fastapi import Request

from . import query, strict
from .problems import MEDIA, Problem, language, response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_BETWEEN: Final = 0.25  # seconds between two looks for who is late
_REQUEST_ID: Final = b"x-request-id"  # comes back, whatever becomes of the request
__all__ = ["CSP", "MEDIA", "Guard"]


class _Refused(Exception):
    """A body that will not be read to its end."""


class _Clock:
    """One timer for all who wait, which looks at them now and then: a timer for each request would cost as much as its answer."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._looks = False

    async def within(self, ends: float, receive: Receive) -> Message:
        """Raises TimeoutError: Nothing came by then, or soon after."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - INVARIANT: a coroutine that awaits runs in a task
        self._waiting[task] = ends
        if not self._looks:
            self._looks = True
            asyncio.get_running_loop().call_later(_BETWEEN, self._look)
        try:
            return await receive()
        except asyncio.CancelledError:
            if task in self._late:
                task.uncancel()
                raise TimeoutError from None
            raise
        finally:
            self._waiting.pop(task, None)
            self._late.discard(task)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task in [task for task, ends in self._waiting.items() if ends <= now]:
            self._late.add(task)
            del self._waiting[task]
            task.cancel()
        self._looks = bool(self._waiting)
        if self._looks:
            loop.call_later(_BETWEEN, self._look)


class Guard:
    """
    An application behind bounds.

    Args:
        seconds: From the first byte of a body to its last.
    """

    def __init__(self, app: App, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._clock = _Clock()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = strict.LARGEST_BATCH if scope["path"].endswith(("/batch", "/evaluations", "/verify")) else strict.LARGEST
        begun = whole = False
        refused: Problem | None = None
        ends = asyncio.get_running_loop().time() + self._seconds
        got = 0

        async def bounded() -> Message:
            nonlocal got, refused, whole
            if whole:  # what waits now waits for the client to go
                return await receive()
            try:
                message = await self._clock.within(ends, receive)
            except TimeoutError:
                refused = Problem(408, "too_slow", "本文が時間内に届きませんでした", "the body did not arrive in time")
                raise _Refused from None
            if (
                message["type"] == "http.disconnect" and not begun
            ):  # so do broken chunks end: the client may be there yet
                refused = Problem(400, "broken_body", "本文が途中で終わっています", "the body ends before its end")
                raise _Refused
            got += len(message.get("body", b""))
            whole = got == said or not message.get("more_body", False)
            if whole:
                message["more_body"] = False  # Granian says so in another message, which costs as much again
            if got > most:
                refused = _too_large(most)
                raise _Refused
            return message

        asked = dict(scope["headers"])
        given = asked.get(_REQUEST_ID)
        own = _HEADERS if given is None else (*_HEADERS, (_REQUEST_ID, given))

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if refused is not None and not begun:
                return  # what the framework makes of the refusal: an error of the server
            if message["type"] == "http.response.start":
                begun = True
                named = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in own if pair[0] not in named)]
            await send(message)

        said = _length(asked)
        refused = _at_sight(scope, asked, said, most)
        if refused is None:
            try:
                await self._app(scope, bounded, with_headers)
            except _Refused:
                if begun:  # half an answer is out: the server closes the connection
                    raise
        if refused is not None and not begun:
            answer = response(refused, language(Request(scope)))
            answer.headers["connection"] = "close"
            refused = None
            await answer(scope, receive, with_headers)


def _length(asked: Mapping[bytes, bytes]) -> int | None:
    length = asked.get(b"content-length", b"")
    return int(length) if length.isdigit() and len(length) < 19 else None


def _at_sight(
    scope: MutableMapping[str, Any], asked: Mapping[bytes, bytes], said: int | None, most: int
) -> Problem | None:
    """What is wrong with a request before its body is read."""
    try:
        if scope["query_string"]:
            scope["query_string"] = query.readable(scope["query_string"])
        query.require_plain(scope["headers"], asked)
    except Problem as problem:
        return problem
    return _too_large(most) if said is not None and said > most else None


def _too_large(most: int) -> Problem:
    return Problem(413, "too_large", f"本文は {most} バイトまでです", f"a body has at most {most} bytes")
