"""Logs as fixtures, on each store; threads that call one at the same time, and a transaction that is held up meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store import Writing

from .logs import make, sqlite_url
from .servers import Server


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    """The file of a log that has answered nothing yet."""
    make(sqlite_url(tmp_path / "audit.db")).close()
    return tmp_path / "audit.db"


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """Where a log can be."""
    return sqlite_url(tmp_path / "audit.db")


@pytest.fixture(name="any_url", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def _any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, on each store."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "audit.db")
    server: Server = request.getfixturevalue("durable_server")
    name = f"log_{new_id().replace('-', '')}"
    server.database(name)
    return server.url(name)


@pytest.fixture(name="log")
def _log(url: str) -> Iterator[Log]:
    """A log that has answered nothing yet."""
    made = make(url)
    yield made
    made.close()


class Threads:
    """Calls that run at the same time, and what each gave or raised."""

    def __init__(self, number: int, call: Callable[[int], Any]) -> None:
        self.given: list[Any] = [None] * number
        self._call = call
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True) for each in range(number)]
        for thread in self._threads:
            thread.start()

    def _run(self, each: int) -> None:
        try:
            self.given[each] = self._call(each)
        except BaseException as error:  # noqa: BLE001 - it is looked at
            self.given[each] = error

    def joined(self, seconds: float = 600) -> list[Any]:
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, end - time.monotonic()))
            assert not thread.is_alive(), "a caller waits for ever"
        return self.given


@contextmanager
def held(log: Log, monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None) -> Iterator[threading.Event]:
    """The next transaction waits until it is let go, and then fails if told so; the ones after it are as ever."""
    entered, go = threading.Event(), threading.Event()
    before, first = log.store.writing, [True]

    @contextmanager
    def slow(number: int) -> Iterator[Writing]:
        with before(number) as writing:
            if first.pop() if first else False:
                entered.set()
                assert go.wait(600)
                if error is not None:
                    raise error
            yield writing

    with monkeypatch.context() as patch:
        patch.setattr(log.store, "writing", slow)
        yield entered
        go.set()


def waiting(log: Log, number: int) -> None:
    """Until so many callers are in the queue."""
    end = time.monotonic() + 600
    while len(log._writer._queue) < number:
        assert time.monotonic() < end
        time.sleep(0.001)
