"""
HEAD: what GET would say, without the body (RFC 9110, 9.3.2); monitors and load balancers ask so.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from .guard import App, Message, Receive, Send

ASKED: Final = "assign.head"  # in the scope: nobody reads the answer, so that nothing is recorded of it


class Head:
    """An application that knows HEAD wherever it knows GET."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope["method"] = "GET"
        scope[ASKED] = True
        try:
            await self._app(scope, receive, without_body)
        finally:
            scope["method"] = "HEAD"  # as it is counted
