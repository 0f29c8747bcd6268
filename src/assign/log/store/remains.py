"""
Traces of a log in a file that is no log any more: a broken log is evidence and must be kept; any other file is none of ours.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from assign.log.kinds import SCHEMAS

MAGIC: Final = b"SQLite format 3\0"
APPLICATION: Final = 0x6173676E  # "asgn", at byte 68 of each of our files
GROWS: Final = "a log is only ever added to"  # the text of our triggers; it outlasts the tables, in freed pages
_RECORDS: Final = [b'"schema":%d,"seq":' % each for each in SCHEMAS]  # in the canonical JSON of every record
_MARKS: Final = (MAGIC, GROWS.encode(), *_RECORDS, b"\0")


def was_log(path: Path) -> bool:
    """Whether a database without our tables had a log: the text of our triggers is still in the file."""
    return GROWS.encode() in _marks(path)


def was_database(path: Path) -> bool:
    """Whether a file that SQLite does not take for a database was one of a log, or the beginning of any."""
    found = _marks(path) | _marks(Path(f"{path}-wal"))
    # A text that contains records and no zero byte is an export.
    return MAGIC in found or GROWS.encode() in found or (b"\0" in found and not found.isdisjoint(_RECORDS))


def how_broken(path: Path) -> tuple[str, str]:
    """What is wrong with a file that SQLite cannot read, as far as its first bytes say."""
    head, size = b"", 0
    with suppress(OSError), path.open("rb") as file:
        head, size = file.read(100), os.fstat(file.fileno()).st_size
    if not head.startswith(MAGIC):
        return "先頭にある SQLite の印がありません", "it does not begin with the mark of SQLite"
    page = int.from_bytes(head[16:18])
    whole = max(512, (65536 if page == 1 else page) * int.from_bytes(head[28:32]))
    if size < whole:
        return (
            f"途中で切れています（{whole:,} バイトのうち {size:,}）",
            f"it is cut off (of {whole:,} bytes it has {size:,})",
        )
    return "中が書き換わっています", "what is in it was changed"


def _marks(path: Path) -> set[bytes]:
    """Which of `_MARKS` a file contains; the first one counts only at its beginning."""
    found: set[bytes] = set()
    with suppress(OSError), path.open("rb") as file:
        before = b""
        while block := file.read(1 << 20):
            found |= {mark for mark in _MARKS[1:] if mark in before + block}
            if not before and block.startswith(MAGIC):
                found.add(MAGIC)
            before = block[-64:]
    return found
