"""Every call that writes fails once, or is the last one before a kill: no answer without its record, and no repair after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from assign.log.canonical import read
from assign.log.group_commit import Kept
from assign.log.log import Log
from assign.log.store import StoreError
from assign.words import sha256
from tests.logs import FIRST, draft, make, sound, sqlite_url
from tests.writers import ROOT, acknowledged

from .disk import Disk, Event

FAULTS = {"EIO": apsw.IOError, "ENOSPC": apsw.FullError}


class Nth:
    """The call number `at`, and as many after it as told, fail; none does before it is set."""

    def __init__(self) -> None:
        self.calls = self.at = self.times = 0
        self.error: type[Exception] = apsw.IOError
        self.kinds: Counter[str] = Counter()

    def set(self, at: int, error: type[Exception], times: int) -> None:
        self.calls, self.at, self.error, self.times = 0, at, error, times

    def __call__(self, event: Event) -> None:
        self.calls += 1
        if self.at and self.at <= self.calls < self.at + self.times:
            self.kinds[f"{event.what} {event.file.rpartition('.')[2]}"] += 1
            raise self.error(f"{event.what} fails here")


def faults(folder: Path, calls: int, *, careless: bool = False) -> Counter[str]:
    """
    Open, append until the file was checkpointed, close: with each of that life's calls failing, once and from there on.

    Args:
        careless: The control: a caller that takes an error for an answer.
    """
    nth, found = Nth(), Counter[str]()
    for name, error in FAULTS.items():
        for times in (1, 10_000):
            for at in range(1, calls + 1):
                url = sqlite_url(folder / f"{name}-{times}-{at}.db")
                make(url).close()
                kept: list[Kept] = []
                said = 0
                with Disk(nth):
                    nth.set(at, error, times)
                    try:
                        with closing(Log.open(url)) as log:
                            log.store._connection().wal_autocheckpoint(6)  # type: ignore[attr-defined]
                            for _ in range(4):
                                said += 1
                                try:
                                    kept.append(log.append(draft()))
                                except StoreError:
                                    found["refused"] += 1
                                    said -= not careless
                    except StoreError:
                        found["not opened"] += 1
                    nth.set(0, error, 0)
                with closing(Log.open(url)) as log:  # the fault is gone, and nobody repairs anything
                    log.append(draft())
                    rows = sound(log)
                found["faults"] += 1
                found["answers without a record"] += sum(rows.get(one.seq) != sha256(one.payload) for one in kept)
                found["answers without a record"] += max(0, said - (len(rows) - FIRST - 1))
    print(f"\n{'control: ' if careless else ''}{dict(found)}; {dict(nth.kinds)}")
    return found


KILLED = """
import os, signal, sys
from tests.soak.disk import Disk
from tests.logs import draft
from assign.log import Log
from assign.words import sha256
at, halves, calls = int(sys.argv[2]), sys.argv[3] == "halves", 0
early = sys.argv[3] == "early"
def before(event):
    global calls
    calls += 1
    if calls == at:
        if halves and event.what == "write":
            name = sys.argv[1].removeprefix("sqlite:///")
            handle = os.open(name + event.file[len(os.path.basename(name)):], os.O_WRONLY)
            os.pwrite(handle, event.data[: len(event.data) // 2], event.offset)
        os.kill(os.getpid(), signal.SIGKILL)
with Disk(before):
    log = Log.open(sys.argv[1])
    log.store._connection().wal_autocheckpoint(6)
    for each in range(4):
        if early:
            os.write(1, b"%d %s 0\\n" % (log.size, b"0" * 64))
        kept = log.append(draft())
        if not early:
            os.write(1, f"{kept.seq} {sha256(kept.payload)} 0\\n".encode())
    log.close()
"""


def kills(folder: Path, every: int, ways: tuple[str, ...] = ("before", "halves")) -> Counter[str]:
    """A process is killed before each of those calls, or in the middle of a write."""
    found: Counter[str] = Counter()
    for way in ways:
        at, code = 1, -signal.SIGKILL
        while code == -signal.SIGKILL:
            url = sqlite_url(folder / f"{way}-{at}.db")
            make(url).close()
            done = subprocess.run(
                [sys.executable, "-c", KILLED, url, str(at), way], cwd=ROOT, capture_output=True, text=True, check=False
            )
            code = done.returncode
            assert code in (0, -signal.SIGKILL), done.stderr
            with closing(Log.open(url)) as log:
                log.append(draft())
                rows = sound(log)
                seqs = {read(row.payload)["seq"] for row in log.rows(0, log.size - 1)}
            said = acknowledged(done.stdout)
            found["kills"] += code != 0
            found["acknowledged"] += len(said)
            lost = (one.seq not in seqs if way == "early" else rows.get(one.seq) != one.sha256 for one in said)
            found["answers without a record"] += sum(lost)
            at += every
    print(f"\nkilled {ways}: {dict(found)}")
    return found


def calls_of_a_life(folder: Path) -> int:
    """How many writing calls there are from opening to closing."""
    url = sqlite_url(folder / "whole.db")
    make(url).close()
    with Disk() as disk:
        with closing(Log.open(url)) as log:
            log.store._connection().wal_autocheckpoint(6)  # type: ignore[attr-defined]
            for _ in range(4):
                log.append(draft())
        what = Counter((event.what, event.file.rpartition(".")[2]) for event in disk.events)
        assert {("write", "db"), ("write", "db-wal"), ("sync", "db"), ("sync", "db-wal"), ("delete", "db-wal")} <= set(
            what
        )
        return len(disk.events)


@pytest.mark.slow
def test_a_fault_at_every_writing_call_gives_no_answer_without_a_record() -> None:
    """EIO and ENOSPC, once and for good; whoever takes the error for an answer has answers without records."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:  # noqa: S108
        calls = calls_of_a_life(Path(folder))
        found = faults(Path(folder), calls)
        assert found["faults"] == 4 * calls
        assert found["refused"] > calls
        assert found["answers without a record"] == 0
        (Path(folder) / "control").mkdir()
        assert faults(Path(folder) / "control", calls, careless=True)["answers without a record"] > calls


@pytest.mark.slow
def test_a_kill_at_every_seventh_writing_call_leaves_nothing_to_repair(tmp_path: Path) -> None:
    """The short form; a writer that says so before it is true is found."""
    assert kills(tmp_path, 7)["answers without a record"] == 0
    assert kills(tmp_path, 7, ("early",))["answers without a record"] > 0


@pytest.mark.soak
def test_a_kill_at_every_writing_call_leaves_nothing_to_repair(tmp_path: Path) -> None:
    """Before it, and in the middle of it."""
    assert kills(tmp_path, 1)["answers without a record"] == 0
    assert kills(tmp_path, 1, ("early",))["answers without a record"] > 0
