"""A real server in a process of its own, as `assign serve` runs it, and clients that speak to its socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HALF_HEAD = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Ty"
ASKED = json.dumps({"division": "nenkin", "item": "24", "channel": "counter"}).encode()


def request(body: bytes = ASKED, path: str = "/v1/decisions", **headers: str) -> bytes:
    """A whole request."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Served(NamedTuple):
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, whole: bytes) -> Answer:
        """On a connection of its own. Raises OSError: No answer came."""
        with self.connect() as at:
            at.sendall(whole)
            return answer(at)

    def workers(self) -> list[int]:
        """The processes that answer."""
        pid = self.process.pid
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
        return [each for each in children if b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]

    def lines(self) -> list[Any]:
        """What it said of itself: every line is JSON."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


def answer(at: socket.socket) -> Answer:
    """Read one answer. Raises OSError: The connection ended before it was whole."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(at)
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += _more(at)
    return Answer(int(first.split()[1]), headers, body)


def _more(at: socket.socket) -> bytes:
    if not (got := at.recv(65_536)):
        raise ConnectionError("closed before the answer was whole")
    return got


def memory(pid: int, what: str = "VmRSS") -> int:
    """KiB of a process: VmRSS now, VmHWM at most."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what + ":"))


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(folder: Path, *words: str, program: tuple[str, ...] = ("-m", "assign", "serve")) -> Iterator[Served]:
    """
    Until it is ready; stopped at the end, if a test has not.

    Args:
        program: What Python runs; it takes `--port`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / f"server-{port}.log"
    left_out = ("ASSIGN_AUDIT", "ASSIGN_KEYS", "ASSIGN_LIST", "ASSIGN_RULES")
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *program, "--port", str(port), *words], stdout=file, stderr=file, env=env
        )
    served = Served(process, port, log)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                served.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                break
            except OSError:
                assert process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < until, log.read_text("utf-8")
                time.sleep(0.05)
        yield served
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
