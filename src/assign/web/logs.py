"""
What a server says of itself, as JSON lines on stderr: that it starts and stops, each request by the address that the framework found for
it, its status and its time, and where an error stands in the code. Never what was asked: no path, no query, no header, no body, and no
message of an error, since ours repeat what was typed.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

_OF_THE_SERVER: Final = "_granian"  # its own messages name processes and addresses to listen on, nothing of a request
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Lines(logging.Formatter):
    """A record of Python's logging → a line."""

    def format(self, record: logging.LogRecord) -> str:
        """What may be said of a record; of one that a library made its name alone."""
        said = {"time": _now(), "level": record.levelname.lower(), "event": record.name}
        if record.name == _OF_THE_SERVER:
            said["event"] = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            return _line({**said, "error": type(error).__name__, "at": [f"{f.filename}:{f.lineno}" for f in frames]})
        return _line(said)


def config() -> dict[str, Any]:
    """For Granian, which sets it up in each process."""
    handler = {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}
    return {
        "formatters": {"lines": {"()": f"{__name__}.Lines"}},
        "handlers": {"lines": handler},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {_OF_THE_SERVER: {"handlers": ["lines"], "propagate": False}},
    }


def request(method: str, route: str, status: int, seconds: float) -> None:
    """A line of a request that was served."""
    sys.stderr.write(  # routes and methods are ours: nothing in them needs to be escaped
        f'{{"time": "{_now()}", "level": "info", "event": "request", "method": "{method}", "route": "{route}",'
        f' "status": {status}, "ms": {seconds * 1000:.1f}}}\n'
    )


def _now() -> str:
    now = time.time()
    return f"{_second(int(now))}.{int(now * 1000) % 1000:03}Z"


@lru_cache(maxsize=1)
def _second(since: int) -> str:
    return datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False)
