"""Each single system call on a log's files fails, or is the last thing a process did: below SQLite, with strace's hand."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from assign.log.canonical import read
from assign.log.log import Log
from tests.logs import FIRST, draft, make, sound, sqlite_url, unmeasured
from tests.servers import missing
from tests.writers import ROOT

# What only looks is left alone; whatever else is done to the files can fail.
LOOKS: Final = (
    *("read", "pread64", "readv", "preadv", "lseek", "stat", "lstat", "fstat", "newfstatat", "fstatat64", "statx"),
    *("access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "fstatfs", "execve"),
)
MARK: Final = "statfs"  # which a life does before its first append and after its last one
FAULTS: Final = {
    "EIO once": "error=EIO:when={}",
    "EIO from there on": "error=EIO:when={}+",
    "ENOSPC once": "error=ENOSPC:when={}",
    "ENOSPC from there on": "error=ENOSPC:when={}+",
    "SIGKILL": "signal=SIGKILL:when={}",  # the call itself is not made
}

LIFE = """
import os, sys
from contextlib import closing
from tests.logs import draft
from assign.log import Log
from assign.log.store import StoreError, sqlite
from assign.words import sha256
url, early = sys.argv[1], sys.argv[2] == "early"
sqlite.PATIENCE = 0.05  # a lock that fails looks like one that somebody else has

def told(what, *more):
    os.write(1, (" ".join([what, *more]) + "\\n").encode())

try:
    log = Log.open(url)
    log.store._connection().wal_autocheckpoint(6)
except StoreError:
    told("not-opened")
    sys.exit()
with closing(log):
    os.statvfs(url.removeprefix("sqlite:///"))
    for each in range(5):
        asked = draft()
        if early:
            told("answer", asked["key"])
        for again in range(1 if early else 2):  # whoever got no answer asks again, with the same key
            try:
                kept = log.append(asked)
            except StoreError:
                told("refused")
                continue
            if not early:
                told("answer", asked["key"], sha256(kept.payload))
            break
    os.statvfs(url.removeprefix("sqlite:///"))
"""


class Call(NamedTuple):
    """A system call of a life: which, the how manieth of its kind, on which file, in which part of the life, what for."""

    kind: str
    number: int
    file: str
    part: str
    what: str


class Died(NamedTuple):
    """What a life said, what strace wrote down, and how it ended."""

    said: list[list[str]]
    trace: str
    code: int


@pytest.fixture(scope="session")
def strace() -> str:
    """The program, where it is and may be used."""
    if (program := shutil.which("strace")) is None:
        missing("strace")
    done = subprocess.run([program, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        missing("strace", f"may not trace here ({done.stderr.strip().splitlines()[-1]})")
    return program


def lived(strace: str, url: str, how: str, *options: str) -> Died:
    """A life on a log that is there: open it, append five times with checkpoints between, close it."""
    file = Path(url.removeprefix("sqlite:///"))
    trace = file.with_suffix(".trace")
    paths = [word for name in ("", "-wal", "-shm", "-journal") for word in ("-P", f"{file}{name}")]
    words = [strace, "-o", str(trace), "-y", "-s", "0", *paths, "-P", str(file.parent)]
    words += ["-e", "trace=!" + ",".join(f"?{each}" for each in LOOKS), *options, sys.executable, "-c", LIFE, url, how]
    done = subprocess.run(words, cwd=ROOT, env=unmeasured(), capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    # What was not said whole was not said.
    return Died([line.split() for line in done.stdout.split("\n")[:-1]], trace.read_text("utf-8"), done.returncode)


def calls_of_a_life(strace: str, file: Path) -> list[Call]:
    """Every system call that is more than a look at the log's file, its WAL, its shared memory or their folder."""
    life = lived(strace, sqlite_url(file), "careful")
    assert [words[0] for words in life.said] == ["answer"] * 5
    calls: list[Call] = []
    kinds, parts = Counter[str](), ["open", "append", "close"]
    for line in life.trace.splitlines():
        if line.startswith("+++"):
            continue
        kind = line.partition("(")[0]
        if kind == MARK:
            parts.pop(0)
            continue
        kinds[kind] += 1
        named = re.search(re.escape(f"{file.parent}") + rf"(?:/{file.stem}\.([a-z-]+))?", line)
        assert named is not None, line
        what, on = kind, named[1] or "folder"
        if kind == "fcntl":
            what = "unlock" if "F_UNLCK" in line else "lock"
        elif (kind, on) == ("fdatasync", "db-wal") and (calls[-1].kind, calls[-1].file) != ("pwrite64", "db-wal"):
            what = "sync again"  # a checkpoint's, of what each commit has synced
        calls.append(Call(kind, kinds[kind], on, parts[0], what))
    assert parts == ["close"]
    seen = {(call.kind, call.file) for call in calls}
    both = [(kind, file) for kind in ("pwrite64", "fdatasync") for file in ("db", "db-wal")]
    shared = [(kind, "db-shm") for kind in ("openat", "ftruncate", "pwrite64", "mmap", "fcntl")]
    assert {*both, *shared, ("openat", "db-wal"), ("ftruncate", "db"), ("fsync", "folder")} <= seen
    assert {("unlink", "db-wal"), ("unlinkat", "db-wal")} & seen
    return calls


def faults(strace: str, folder: Path, every: int, how: str = "careful") -> Counter[str]:
    """
    A life for each fault at each call, or each `every`-th one; then the log is opened without it, and nobody repairs anything.

    Args:
        how: careful, or early: the control, which says that it is kept before it is, and whatever comes of it.
    """
    folder.mkdir()
    whole = folder / "whole.db"
    make(sqlite_url(whole)).close()
    shutil.copy(whole, folder / "new.db")
    calls = calls_of_a_life(strace, whole)
    found, parts, unnoticed = Counter[str](), Counter[str](), Counter[str]()
    for place, (fault, option) in enumerate(FAULTS.items()):
        for call in calls[place * 2 % every :: every]:
            if fault != "SIGKILL" and (call.what == "unlock" or (call.what == "lock" and option.endswith("+"))):
                continue  # which no disk does; SQLite takes it for somebody else's lock, and waits ten seconds at each try
            file = folder / f"{fault}-{call.kind}-{call.number}.db".replace(" ", "-")
            url = sqlite_url(Path(shutil.copy(folder / "new.db", file)))
            life = lived(strace, url, how, "-e", f"inject={call.kind}:{option.format(call.number)}")
            happened = life.trace.count("(INJECTED)") or life.trace.count("+++ killed by SIGKILL +++")
            assert happened, f"{fault} at {call}: it did not happen"
            assert (life.code != 0) == (fault == "SIGKILL")
            with closing(Log.open(url)) as log:
                log.append(draft())
                rows = sound(log)
                kept = {record.get("key"): rows[record["seq"]] for record in (read(row.payload) for row in log.rows())}
                assert log.store._rows("PRAGMA integrity_check") == [("ok",)]  # type: ignore[attr-defined]
            answers = [words[1:] for words in life.said if words[0] == "answer"]
            lost = sum(kept.get(key) is None or any(kept[key] != each for each in more) for key, *more in answers)
            said = Counter(words[0] for words in life.said)
            if fault != "SIGKILL" and not said["refused"] + said["not-opened"]:
                unnoticed[f"{call.what} {call.file}"] += 1
            found.update({"lives": 1, "faults": happened, "answers": len(answers)})
            found.update({"refused": said["refused"], "not opened": said["not-opened"], f"lost: {fault}": lost})
            found.update({"answers without a record": lost, "kept unsaid": len(rows) - FIRST - 1 - len(answers)})
            parts[f"{fault}, {call.part}"] += 1
    print(f"\n{how}: {len(calls)} calls a life, every {every}: {dict(found)}\n  {dict(parts)}")
    print(f"  calls: {dict(Counter(f'{call.what} {call.file}' for call in calls))}")
    print(f"  nobody was told, and nothing was missing: {dict(unnoticed)}")
    told = {"pwrite64 db-wal", "fdatasync db-wal", "fsync folder"}  # what each commit rests on
    assert how == "early" or not told & unnoticed.keys(), "it failed, and nobody was told"
    return found


def all_of_it(strace: str, folder: Path, every: int, control: int) -> None:
    found = faults(strace, folder / "careful", every)
    assert found["answers without a record"] == 0
    assert min(found["answers"], found["refused"], found["not opened"]) > 0
    found = faults(strace, folder / "early", control, "early")
    for what in ("EIO", "ENOSPC", "SIGKILL"):
        assert sum(lost for name, lost in found.items() if name.startswith(f"lost: {what}")) > 0, f"void for {what}"


@pytest.mark.slow
def test_a_fault_at_some_system_calls_gives_no_answer_without_a_record(strace: str, tmp_path: Path) -> None:
    """The short form; who says it too early has answers without records at each kind of fault."""
    all_of_it(strace, tmp_path, 11, 17)


@pytest.mark.soak
def test_a_fault_at_every_system_call_gives_no_answer_without_a_record(strace: str, tmp_path: Path) -> None:
    """EIO and ENOSPC, once and for good, and a kill: at each of them, and no repair after it."""
    all_of_it(strace, tmp_path, 1, 3)
