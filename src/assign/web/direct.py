"""
`POST /v1/decisions` before the framework: its machinery around an endpoint costs three times as much as the answer (bench/web.py). The
endpoint is the same function, and so are its problems; the framework has it, too, for the OpenAPI file and for those who mount it.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi import Request as Asked
from starlette.requests import ClientDisconnect

from assign.errors import AssignError

from . import api, problems, query
from .guard import App, Receive, Send
from .keys import Power, let_in

PATH: Final = "/v1/decisions"


class Route:
    """What is counted of a request that the framework has not seen."""

    path: str = PATH


class Direct:
    """An application whose most frequent request takes the short way."""

    def __init__(self, app: FastAPI) -> None:
        self._app: App = app
        self._state = app
        self._route = Route()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._state
        scope["route"] = self._route
        asked = Asked(scope, receive)
        try:
            query.require_known(asked, ())
            answer = await api.decided(asked, let_in(asked, Power.ASK))
        except AssignError as error:
            answer = await problems.assign_error(asked, error)
        except ClientDisconnect:  # nobody is left to be told
            return
        except Exception as error:
            await (await problems.internal_error(asked, error))(scope, receive, send)
            raise  # the server's log names the place
        await answer(scope, receive, send)
