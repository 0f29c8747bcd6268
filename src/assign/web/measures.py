"""
`/metrics`, as Prometheus reads it: how many requests of which address were served how, and how long they took; never what was asked.

Where several processes serve, each counts in a file of its own in one folder, and whichever is asked adds them all up, those of a process that
has ended too. `prometheus_client` decides for that by the environment, when it is imported: `shared` stands before the processes are started.
"""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from . import logs
from .counted import FOLDER
from .guard import App, Message, Receive, Send


class Measures:
    """The counters of a process, or of all processes of a server."""

    def __init__(self) -> None:
        self._folder = os.environ.get(FOLDER)
        self._kinds: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._registry = CollectorRegistry()
        self._served = Counter(
            "assign_http_requests", "Requests served", ("method", "route", "status"), registry=self._registry
        )
        self._taken = Histogram(
            "assign_http_seconds", "Seconds to serve a request", ("route",), registry=self._registry
        )

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        kind = (method, route, status)
        if (both := self._kinds.get(kind)) is None:
            both = self._kinds[kind] = (self._served.labels(method, route, status), self._taken.labels(route))
        both[0].inc()
        both[1].observe(seconds)

    def text(self) -> bytes:
        """All of them, in Prometheus's text format."""
        if self._folder is None:
            return generate_latest(self._registry)
        whole = CollectorRegistry()
        MultiProcessCollector(whole, path=self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(whole)


class Measured:
    """
    An application whose requests are counted by the address that the framework found for them.

    Args:
        said: Whether a line is said of each.
    """

    def __init__(self, app: App, measures: Measures, *, said: bool = False) -> None:
        self._app = app
        self._measures = measures
        self._said = said

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        begin = time.perf_counter()
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            if scope["type"] == "http":
                route = getattr(scope.get("route"), "path", "-")  # never the address itself: it may hold a case
                method = scope["method"] if scope["method"] in logs.METHODS else "-"  # a client may make up any
                taken = time.perf_counter() - begin
                self._measures.served(method, route, status, taken)
                if self._said:
                    logs.request(method, route, status, taken)
