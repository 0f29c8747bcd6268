"""A file that was made to break its reader ends as one line, soon and in bounded memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from assign.intake import Limits

from .hostile_files import Hostile, every

SECONDS, MEGABYTES = 5, 300
FAST = {
    "nul.csv", "million_columns.csv", "quote_open.csv", "pipe.csv", "link_to_zero.csv", "bomb_of_shared_texts.xlsx", "leads_outside_0.xlsx",
    "two_of_a_name.xlsx", "dtd_laughs.xlsx", "column_XFD.xlsx", "encrypted_book.xlsx", "rows_repeated.ods", "pages_in_a_circle.pdf",
}  # fmt: skip

# A process of its own reads, so that its peak and that of the readers that it starts are theirs alone.
READER = """
import json, resource, sys, time
seconds = float(sys.argv[1])
from pathlib import Path
from assign.errors import AssignError
from assign.intake import Limits, read_source
for line in sys.stdin:
    said, ja, begin = None, None, time.monotonic()
    try:
        source = read_source(Path(json.loads(line)), Limits(seconds=seconds))
        kind, cells = source.kind, sum(1 for _ in source.cells())
    except AssignError as error:
        kind, cells, said, ja = "", 0, error.en, error.ja
    took = time.monotonic() - begin
    # Its own since it began to run: `ru_maxrss` is that of the process it was forked from, if that was larger.
    own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
    peak = [int(own) // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024]
    print(json.dumps([kind, cells, said, ja, took, peak]), flush=True)
"""


@contextmanager
def reader(seconds: float) -> Iterator[subprocess.Popen[str]]:
    """The process that reads, each file in so many seconds."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        yield process
        if process.stdin is not None:
            process.stdin.close()


def read(process: subprocess.Popen[str], hostile: Hostile, folder: Path) -> list[Any]:
    """What it says of a file, which is made, and gone afterwards."""
    path = folder / hostile.name
    hostile.make(path)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(str(path)) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"{hostile.name}: the reader has crashed"
    said: list[Any] = json.loads(line)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return said


def faults(hostile: Hostile, said: list[Any], seconds: float) -> list[str]:
    """What is not as it must be."""
    kind, _, en, ja, took, peak = said
    found = []
    if took > seconds:
        found.append(f"{took:.1f} s")
    if sum(peak) > MEGABYTES:
        found.append(f"{peak} MB")
    if hostile.says is not None and (en is None or hostile.says not in en):
        found.append(f"says {en or kind!r}, not {hostile.says!r}")
    texts = [text for text in (en, ja) if text is not None]
    found += [
        f"not one plain line: {text!r}"
        for text in texts
        if not text.isprintable() or len(text) >= 500 or "Traceback" in text
    ]
    return [f"{hostile.name}: {fault}" for fault in found]


@pytest.mark.long
def test_a_dozen_hostile_files_end_as_one_line(tmp_path: Path) -> None:
    """One of each kind: what is wrong is said, in two languages."""
    with reader(60) as process:
        found = [
            fault for each in every() if each.name in FAST for fault in faults(each, read(process, each, tmp_path), 70)
        ]
    assert not found


@pytest.mark.slow
def test_one_of_three_hostile_files_ends_as_one_line(tmp_path: Path) -> None:
    """No crash and no hang, both processes together under 300 MB. Time counts where the machine is quiet: in the soak."""
    found = []
    with reader(60) as process:
        for each in islice(every(), 0, None, 3):
            found += faults(each, read(process, each, tmp_path), 70)
    assert not found, "\n".join(found)


@pytest.mark.soak
def test_three_hundred_hostile_files_end_as_one_line(tmp_path: Path) -> None:
    """Each under 5 s, too."""
    found, names = [], []
    with reader(Limits().seconds) as process:
        for each in every():
            names.append(each.name)
            found += faults(each, read(process, each, tmp_path), SECONDS)
    assert not found, "\n".join(found)
    assert len(set(names)) == len(names) >= 300
