"""
The application: a desk, its addresses, and what stands around them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from assign import __version__
from assign.desk.desk import Desk
from assign.errors import AssignError

from . import access, api, hosts, keys, media, page, records
from .direct import Direct
from .guard import App, Guard
from .head import Head
from .keys import Power, may
from .measures import Measured, Measures
from .openapi import described
from .problems import assign_error, http_error, internal_error, validation_error
from .settings import Settings

_DESCRIPTION: Final = (
    "だれが行う業務か（受託者か市職員か）、なぜか。答えは `assign decide --json` と同じです。 / "
    "Who handles a piece of consigned city work, and why: the answers of `assign decide --json`."
)


def application(settings: Settings) -> App:
    """
    What a server serves. Each process makes its own.

    Raises:
        AssignError: The list, the rules, the log or the file of keys cannot be used.
    """
    desk = Desk.open(list=settings.list, rules=settings.rules, audit=settings.audit, origin=settings.origin)
    measures = Measures()
    app = inner(desk, settings, keys.load(settings.keys), measures)
    guarded = Guard(Direct(app), settings.body_seconds, hosts.names(settings))
    return Measured(Head(guarded), measures, said=settings.log_requests)


def inner(desk: Desk, settings: Settings, known: keys.Keys, measures: Measures) -> FastAPI:
    """The application without its guard, for tests and for those who put it into another."""
    app = FastAPI(
        title="assign",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it would lead to whatever host the client names
    )
    app.state.answers = api.Answers(desk)
    app.state.keys = known
    app.state.settings = settings
    app.add_exception_handler(AssignError, assign_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(Exception, internal_error)
    app.include_router(api.router)
    app.include_router(records.router)
    app.include_router(access.router)
    _about(app, desk, measures)
    page.add_to(app)
    return app


def _about(app: FastAPI, desk: Desk, measures: Measures) -> None:
    """How the server is, and what it can be asked."""

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> Response:
        """Ready: it decides, and where it keeps a log, the log can be read."""
        now = desk.in_force()
        now.brief(row=now.catalog.tasks[0].id, channel=next(iter(now.catalog.manifest.channels)))
        if desk.audit is not None:
            desk.audit.row(0)
        return PlainTextResponse("ok\n")

    @cache
    def file() -> dict[str, Any]:
        return described(app, desk, keys=app.state.keys.needed)

    app.state.openapi = file

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(api.as_bytes(file()), media_type=media.JSON)

    @app.get("/metrics", include_in_schema=False, dependencies=[Depends(may(Power.MEASURE))])
    async def metrics() -> Response:
        return Response(measures.text(), media_type=CONTENT_TYPE_LATEST)
