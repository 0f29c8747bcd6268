"""What only a real server can show: who never ends is closed, what is large costs nothing, and who stops loses nothing."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from assign.log.log import Log

from .servers import Server
from .web_servers import ASKED, HALF_HEAD, Answer, Served, answer, memory, request, serving

pytestmark = pytest.mark.web
MANY = 200
HALF_BODY = request()[:-20]
# Whoever opens a connection and says nothing, or the opening of HTTP/2 alone, has sent half a header, too.
UNENDING = {
    "half a header": HALF_HEAD,
    "half a body": HALF_BODY,
    "half a body, in chunks": b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"div\r\n',
    "nothing": b"",
    "the opening of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("server")) as served:
        yield served


def closed_within(connections: list[socket.socket], seconds: float) -> tuple[int, list[bytes]]:
    """How many the server has closed by then, and what it said before."""
    said: dict[socket.socket, bytes] = dict.fromkeys(connections, b"")
    waiting = set(connections)
    until = time.monotonic() + seconds
    while waiting and (left := until - time.monotonic()) > 0:
        for each in select.select(waiting, [], [], left)[0]:
            got = b""
            with suppress(ConnectionResetError):
                got = each.recv(65_536)
            said[each] += got
            if not got:
                waiting.discard(each)
    return len(connections) - len(waiting), list(said.values())


@pytest.mark.parametrize("kind", UNENDING)
def test_200_that_never_end_are_closed_within_ten_seconds_while_others_are_served(server: Served, kind: str) -> None:
    connections = [server.connect() for _ in range(MANY)]
    begun = time.monotonic()
    for each in connections:
        each.sendall(UNENDING[kind])
    stop, taken = threading.Event(), []

    def others() -> None:
        while not stop.is_set():
            at = time.monotonic()
            assert server.ask(request()).status == 200
            taken.append(time.monotonic() - at)
            stop.wait(0.05)

    with ThreadPoolExecutor(1) as pool:
        others_done = pool.submit(others)
        closed, said = closed_within(connections, 10 - (time.monotonic() - begun))
        stop.set()
        others_done.result()
    for each in connections:
        each.close()
    assert closed == MANY
    assert len(taken) >= 20 or kind == "the opening of HTTP/2"  # that is refused at once
    assert max(taken) < 2
    if "body" in kind:
        assert Counter(each.split(b"\r\n")[0] for each in said) == {b"HTTP/1.1 408 Request Timeout": MANY}
        assert all(b"connection: close" in each for each in said)


def test_a_body_that_trickles_is_closed_too(server: Served) -> None:
    with server.connect() as at:
        at.sendall(HALF_BODY)
        begun = time.monotonic()
        while not select.select([at], [], [], 0.5)[0]:
            at.sendall(b" ")
        assert answer(at).status == 408
        assert 5 < time.monotonic() - begun < 10


@pytest.mark.parametrize("how", ["its length said", "in chunks"])
@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/batch", "/healthz", "/nowhere"])
def test_a_body_of_100_mb_adds_less_than_10(server: Served, how: str, path: str) -> None:
    (worker,) = server.workers()
    for _ in range(20):
        server.ask(request())
    before = memory(worker)
    Path(f"/proc/{worker}/clear_refs").write_text("5", "ascii")  # the peak begins anew
    block = b"x" * 65_536
    chunk = b"10000\r\n" + block + b"\r\n"
    said = f"Content-Length: {100 * 2**20}" if how == "its length said" else "Transfer-Encoding: chunked"
    sent = 0
    with server.connect() as at:
        at.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{said}\r\n\r\n".encode()
        )
        with suppress(OSError):  # the server closes, as it should
            while sent < 100 * 2**20:
                at.sendall(block if how == "its length said" else chunk)
                sent += len(block)
        with suppress(OSError):
            assert answer(at).status in (413, 404, 405)
    assert memory(worker, "VmHWM") - before < 10 * 1024
    assert server.ask(request()).status == 200


# -- stopping ----------------------------------------------------------------------------------------------------------


def half_sent(served: Served, number: int) -> list[socket.socket]:
    """Requests in flight: the server has the head of each and half of its body."""
    connections = []
    for _ in range(number):
        at = served.connect()
        at.sendall(request(idempotency_key=str(uuid4()))[:-20] if served.log.parent.name == "recording" else HALF_BODY)
        connections.append(at)
    time.sleep(1)
    return connections


@pytest.mark.parametrize("recording", [False, True])
def test_sigterm_loses_none_of_64_requests_in_flight(tmp_path: Path, recording: bool) -> None:
    folder = tmp_path / ("recording" if recording else "plain")
    folder.mkdir()
    url = f"sqlite:///{folder}/log.db"
    with serving(folder, *(["--audit", url] if recording else [])) as served:
        connections = half_sent(served, 64)
        begun = Log.open(url).size if recording else 0
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with ThreadPoolExecutor(64) as pool:

            def end(at: socket.socket) -> Answer:
                with at:
                    at.sendall(ASKED[-20:])
                    return answer(at)

            answers = list(pool.map(end, connections))
        assert served.process.wait(30) == 0
    assert [each.status for each in answers] == [200] * 64
    assert len({each.body for each in answers}) == 1
    if recording:
        assert len({each.headers["assign-record"] for each in answers}) == 64
        assert Log.open(url).size == begun + 64


def test_sigterm_under_load_answers_or_refuses_and_what_was_answered_is_recorded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    answered: list[Answer] = []
    with serving(tmp_path, "--audit", url) as served:
        begun = Log.open(url).size

        def ask(_number: int) -> None:
            while served.process.poll() is None:
                with suppress(OSError):
                    answered.append(served.ask(request()))

        with ThreadPoolExecutor(16) as pool:
            asking = [pool.submit(ask, number) for number in range(16)]
            time.sleep(2)
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(30) == 0
            for each in asking:
                each.result()
    assert len(answered) > 16
    assert {each.status for each in answered} == {200}
    numbers = {int(each.headers["assign-record"]) for each in answered}
    assert len(numbers) == len(answered)
    with Log.open(url) as log:
        assert numbers <= set(range(begun, log.size))


# -- beyond one process ------------------------------------------------------------------------------------------------


def test_four_workers_on_one_log_lose_nothing_when_one_is_killed_and_a_key_is_one_for_all(
    tmp_path: Path, durable_server: Server
) -> None:
    durable_server.database("four_workers")
    url = durable_server.url("four_workers")
    with serving(tmp_path, "--audit", url, "--workers", "4") as served:
        first = served.workers()
        assert len(first) == 4
        keys = [str(uuid4()) for _ in range(400)]
        killed = threading.Event()
        done: list[Answer] = []
        failed: list[str] = []

        def ask(key: str) -> Answer:
            while True:  # a client that has no answer asks again, with the same key
                try:
                    got = served.ask(request(idempotency_key=key))
                except OSError:
                    failed.append(key)
                    continue
                done.append(got)
                if len(done) == 100:
                    os.kill(first[1], signal.SIGKILL)
                    killed.set()
                if got.status == 200:
                    return got

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, keys))
        assert killed.is_set()
        numbers = [each.headers["assign-record"] for each in answers]
        assert len({*numbers}) == len(keys)
        assert Counter(each.status for each in done) == {200: len(done)}
        with ThreadPoolExecutor(16) as pool:  # each key again, at whichever worker
            again = list(pool.map(ask, keys))
        assert [(each.headers["assign-record"], each.body) for each in again] == [
            (each.headers["assign-record"], each.body) for each in answers
        ]
        other = served.ask(request(ASKED.replace(b'"24"', b'"23"'), idempotency_key=keys[0]))
        assert other.status == 422
        until = time.monotonic() + 20
        while len(served.workers()) < 4 or first[1] in served.workers():
            assert time.monotonic() < until, "the killed worker was not started anew"
            time.sleep(0.1)
        with Log.open(url) as log:
            assert log.size == max(map(int, numbers)) + 1
            assert log.size >= len(keys)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(40) == 0


def test_one_key_at_four_workers_at_once_is_one_record(tmp_path: Path, durable_server: Server) -> None:
    durable_server.database("one_key")
    with serving(tmp_path, "--audit", durable_server.url("one_key"), "--workers", "4") as served:
        for _ in range(10):
            key = str(uuid4())
            with ThreadPoolExecutor(16) as pool:
                asked = [pool.submit(served.ask, request(idempotency_key=key)) for _ in range(16)]
                answers = [each.result() for each in asked]
            assert {(each.status, each.headers["assign-record"]) for each in answers} == {
                (200, answers[0].headers["assign-record"])
            }


def test_one_scrape_has_what_all_workers_counted_also_one_that_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "tmp"
    kept.mkdir()
    monkeypatch.setenv("TMPDIR", str(kept))
    scrape = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    line = b'assign_http_requests_total{method="POST",route="/v1/decisions",status="200"} '

    def counted(served: Served) -> set[bytes]:
        found = {served.ask(scrape).body for _ in range(12)}  # of whichever worker
        return {each.partition(line)[2].partition(b"\n")[0] for each in found}

    def becomes(served: Served, number: int) -> None:
        """A worker counts a request when it has answered it: the client may be asking again before that."""
        until = time.monotonic() + 30
        while (found := counted(served)) != {b"%d.0" % number}:
            assert time.monotonic() < until, found

    with serving(tmp_path, "--workers", "2") as served:
        (folder,) = kept.glob("assign-metrics-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        until, asked = time.monotonic() + 120, 0
        while len(list(folder.glob("counter_*.db"))) < 2 or asked < 60:  # until both have counted
            assert time.monotonic() < until, "one worker answers nothing"
            assert served.ask(request()).status == 200
            asked += 1
        becomes(served, asked)
        first = served.workers()
        os.kill(first[0], signal.SIGKILL)
        until = time.monotonic() + 60
        while len(served.workers()) < 2 or first[0] in served.workers():
            assert time.monotonic() < until, "the killed worker was not started anew"
            time.sleep(0.1)
        assert served.ask(request()).status == 200
        becomes(served, asked + 1)
        assert counted(served) == {b"%d.0" % (asked + 1)}  # and stays so
        assert b'_bucket{le="+Inf",route="/v1/decisions"} %d.0' % (asked + 1) in served.ask(scrape).body
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(40) == 0
    assert list(kept.glob("assign-metrics-*")) == []


# -- what it says of itself --------------------------------------------------------------------------------------------


def test_the_log_is_json_and_holds_nothing_of_a_case(tmp_path: Path) -> None:
    person = "yamada-hanako-19450801"
    with serving(tmp_path) as served:
        for path in (f"/v1/search?text={person}", f"/v1/tasks/{person}", f"/{person}", f"/v1/plan?row={person}"):
            for host in ("localhost", person):
                served.ask(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Request-ID: {person}\r\n\r\n".encode())
        served.ask(request(b'{"row": "%s", "channel": "counter"}' % person.encode(), user_agent=person))
        served.ask(request(b'{"row": "%s"' % person.encode()))
        served.ask(request().replace(b"POST", person.upper().encode(), 1))
        served.process.send_signal(signal.SIGTERM)
        served.process.wait(30)
        assert person not in served.log.read_text("utf-8").lower()
        lines = served.lines()
    requests = [each for each in lines if each["event"] == "request"]
    assert {"/v1/search", "/v1/tasks/{row}", "/v1/plan", "/v1/decisions", "-"} <= {each["route"] for each in requests}
    assert {200, 400, 404, 422} <= {each["status"] for each in requests}
    assert all({"time", "level", "event"} <= set(each) for each in lines)
