"""
What does an answer over HTTP cost, beside an endpoint that does nothing, and does the server stand a minute of load?

In:   servers on loopback in one run, all FastAPI on Granian with the same settings: `assign serve`, and two with one endpoint that returns
      as many bytes: it reads its request, or (which no decision could) not even that. The same requests to each, in short turns.
Out:  CPU milliseconds of the server's process a request (from the operating system: request rates here vary by more than what is
      measured), their ratio beside its limit; then 64 connections for a minute: answers, errors, memory.

    python bench/web.py [--rounds 15] [--requests 2000] [--seconds 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from fastapi import FastAPI, Request

HERE: Final = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent))  # what the tests start servers with

from tests.web_servers import Answer, Served, answer, cpu, memory, request, serving  # noqa: E402 - after the path

from assign import Desk  # noqa: E402 - after the path

LIMIT: Final = 1.25
MOST_GROWTH: Final = 4 * 1024  # KiB in a minute; what a leak of 20 bytes a request would be
CONNECTIONS: Final = 16
LOADED: Final = 64


def bare(size: int) -> Any:
    """FastAPI with one endpoint."""
    from starlette.responses import Response

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    body = b"x" * size

    @app.get("/healthz")
    async def healthz() -> Response:
        return Response(b"ok")

    @app.post("/v1/decisions")
    async def decisions(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    @app.post("/unread")
    async def unread() -> Response:
        return Response(body, media_type="application/json")

    return app


def serve_bare(port: int, size: int) -> None:
    """As `assign serve` does it."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server import MPServer

    MPServer(
        "bare",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=8000),
        websockets=False,
    ).serve(target_loader=lambda: bare(size), wrap_loader=False)


def cases() -> list[bytes]:
    """A request for each row on each channel."""
    desk = Desk.open()
    rows = [task.id for task in desk.catalog.tasks]
    return [
        request(json.dumps({"row": row, "channel": channel}).encode())
        for row in rows
        for channel in desk.catalog.manifest.channels
    ]


def exchange(at: socket.socket, whole: bytes) -> Answer:
    at.sendall(whole)
    return answer(at)


@contextmanager
def connected(served: Served, number: int) -> Iterator[list[socket.socket]]:
    connections = [served.connect() for _ in range(number)]
    try:
        yield connections
    finally:
        for each in connections:
            each.close()


def cost(served: Served, asked: list[bytes], number: int) -> float:
    """CPU milliseconds of the worker a request."""
    (worker,) = served.workers()
    with connected(served, CONNECTIONS) as connections, ThreadPoolExecutor(CONNECTIONS) as pool:
        each = number // CONNECTIONS

        def ask(which: int) -> None:
            for turn in range(each):
                got = exchange(connections[which], asked[(which + turn * CONNECTIONS) % len(asked)])
                if got.status != 200:
                    raise SystemExit(f"{got.status}: {got.body[:200]!r}")

        before = cpu(worker)
        list(pool.map(ask, range(CONNECTIONS)))
        return (cpu(worker) - before) * 1000 / (each * CONNECTIONS)


def loaded(served: Served, asked: list[bytes], seconds: float) -> dict[str, Any]:
    """A minute of 64 connections."""
    (worker,) = served.workers()
    ends = time.monotonic() + seconds
    warm = time.monotonic() + seconds / 6
    samples: list[int] = []
    answers = errors = 0

    def ask(which: int) -> tuple[int, int]:
        good = bad = 0
        at = served.connect()
        while time.monotonic() < ends:
            try:
                good += exchange(at, asked[(which + good * LOADED) % len(asked)]).status == 200
            except OSError:
                bad += 1
                at.close()
                at = served.connect()
        at.close()
        return good, bad

    with ThreadPoolExecutor(LOADED) as pool:
        running = [pool.submit(ask, which) for which in range(LOADED)]
        while time.monotonic() < ends:
            time.sleep(1)
            if time.monotonic() > warm:
                samples.append(memory(worker))
        for each in running:
            good, bad = each.result()
            answers, errors = answers + good, errors + bad
    return {"answers": answers, "errors": errors, "growth": samples[-1] - samples[0], "memory": samples[-1]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--json", type=Path)
    options.add_argument("--bare", type=int, metavar="BYTES", help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.bare is not None:
        serve_bare(given.port, given.bare)
        return
    asked = cases()
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as ours:
        size = round(mean(len(ours.ask(each).body) for each in asked))
        with serving(Path(name), program=(str(HERE), "--bare", str(size))) as other:
            unread = [each.replace(b"/v1/decisions", b"/unread", 1) for each in asked]
            turns = ((ours, asked), (other, asked), (other, unread))
            rounds = [[cost(each, those, given.requests) for each, those in turns] for _ in range(given.rounds + 1)][1:]
        held = loaded(ours, asked, given.seconds)
    mine, theirs, nothing = (median(column) for column in zip(*rounds, strict=True))
    ratio = median(a / b for a, b, _ in rounds)
    beside_nothing = median(a / c for a, _, c in rounds)
    found = {
        "bytes": size,
        "ours_ms": mine,
        "bare_ms": theirs,
        "unread_ms": nothing,
        "ratio": ratio,
        "ratio_unread": beside_nothing,
        "limit": LIMIT,
        "growth_at_most": MOST_GROWTH,
        **held,
    }
    fits = ratio <= LIMIT and held["errors"] == 0 and held["growth"] <= MOST_GROWTH
    print(f"CPU a decision over HTTP, {size} bytes: {mine:.3f} ms")
    print(f"  a bare endpoint that reads its request: {theirs:.3f} ms, ratio {ratio:.2f} (limit {LIMIT})")
    print(f"  one that does not even read it: {nothing:.3f} ms, ratio {beside_nothing:.2f}")
    print(f"  ratios of each round: {', '.join(f'{a / b:.2f}' for a, b, _ in rounds)}")
    print(
        f"{LOADED} connections for {given.seconds:.0f} s: {held['answers']} answers, {held['errors']} errors (limit 0), "
        f"memory {held['memory'] / 1024:.0f} MB, {held['growth'] / 1024:+.1f} MB (limit {MOST_GROWTH / 1024:+.0f})"
    )
    if given.json:
        given.json.write_text(json.dumps(found), "utf-8")
    sys.exit(0 if fits else 1)


if __name__ == "__main__":
    main()
