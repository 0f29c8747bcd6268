"""
Processes that write to a log, for tests which kill them: `python -m tests.writers VERB URL …`, told over a pipe what was kept.

    append URL [--seconds N | --records N]   decisions, one after the other; a line `seq sha256 milliseconds` AFTER each append
        --hasty                              a control: it says so before the commit
        --rude                               a control: it takes its turn without asking, or does not wait for it
        --trusting                           a control: it takes a server that may lose a commit
    answer URL SOCKET                        a desk that answers, a line of JSON for a line of JSON, and takes its time to reply
    keyed URL KEY                            waits for a line on standard input, then appends one decision with that key
    make URL                                 the same, for making the log
"""

from __future__ import annotations

import argparse
import json
import os
import socketserver
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from assign import Desk
from assign.errors import AssignError
from assign.log.log import Log
from assign.log.store import postgresql, sqlite
from assign.words import sha256

from .logs import ORIGIN, draft, make

ROOT = Path(__file__).parents[1]


class Acknowledged(NamedTuple):
    """What a writer said it had been told: the record's number, the SHA-256 of its bytes, how long it took."""

    seq: int
    sha256: str
    milliseconds: float


def started(*words: str, out: int | IO[Any] | None = subprocess.PIPE) -> subprocess.Popen[str]:
    """A writer, in a new Python."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.writers", *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=out, text=True
    )


def acknowledged(said: str) -> list[Acknowledged]:
    """A writer's lines; the last one may have been cut by a kill, and what was not said whole was not said."""
    return [
        Acknowledged(int(seq), digest, float(milliseconds))
        for seq, digest, milliseconds in (line.split() for line in said.split("\n")[:-1])
    ]


def _hasty(log: Log) -> None:
    """Say it when it is written, not when it is kept."""
    write = log._writer.write

    def said_before_it_is_true(*given: Any, **more: Any) -> Any:
        kept, seen = write(*given, **more)
        for each in kept:
            os.write(1, f"{each.seq} {sha256(each.payload)} 0\n".encode())
        return kept, seen

    setattr(log._writer, "write", said_before_it_is_true)  # noqa: B010 - a type checker looks away


def _rude() -> None:
    """Nobody waits: SQLite is asked once, and each process has a lock of its own on PostgreSQL."""
    for module, name, value in ((sqlite, "PATIENCE", 0.0), (postgresql, "_LOCKS", os.getpid())):
        setattr(module, name, value)


def written(out: str, *words: str) -> None:
    """The same as a command, in a process that was forked: it tells a file."""
    os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    main(words)


def _answer(url: str, socket: str) -> None:
    desk = Desk.open(audit=url, engine="table")

    class Asked(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                (recorded,) = desk.record(**json.loads(line))
                time.sleep(0.002)  # kills fall here, too: kept, and not yet said
                said = {"seq": recorded.kept.seq, "created": recorded.kept.created, "to": recorded.answer["assignee"]}
                self.wfile.write(json.dumps(said).encode() + b"\n")

    with socketserver.ThreadingUnixStreamServer(socket, Asked) as server:
        server.serve_forever()


def _append(log: Log, end: float, records: int) -> None:
    hasty = "write" in vars(log._writer)
    while records and time.monotonic() < end:
        begin = time.perf_counter()
        kept = log.append(draft())
        taken = (time.perf_counter() - begin) * 1e3
        if not hasty:
            os.write(1, f"{kept.seq} {sha256(kept.payload)} {taken:.3f}\n".encode())
        records -= 1


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb")
    parser.add_argument("url")
    parser.add_argument("key", nargs="?")
    parser.add_argument("--origin", default=ORIGIN)
    parser.add_argument("--hasty", action="store_true")
    parser.add_argument("--rude", action="store_true")
    parser.add_argument("--trusting", action="store_true")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--records", type=int, default=-1)
    options = parser.parse_args(words)
    if options.verb == "make":
        sys.stdin.readline()
        print(make(options.url, options.origin).size)
    elif options.verb == "keyed":
        log = Log.open(options.url, options.origin)
        print("ready", flush=True)
        sys.stdin.readline()
        kept = log.append(draft(key=options.key))
        print(kept.seq, sha256(kept.payload), int(kept.created))
    elif options.verb == "answer":
        _answer(options.url, options.key)
    else:
        if options.rude:
            _rude()
        if options.trusting:
            setattr(postgresql, "_durable", lambda _: None)  # noqa: B010 - a type checker looks away
        try:
            log = Log.open(options.url, options.origin)
            if options.hasty:
                _hasty(log)
            _append(log, time.monotonic() + options.seconds, options.records)
        except AssignError as error:
            sys.exit(f"{error.code}: {error}")


if __name__ == "__main__":
    main()
