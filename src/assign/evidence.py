"""
Files that must not be lost, known by what is in them: nobody need have named them.

A log and what SQLite keeps beside it, a secret key, the last signed tree beside it, a checkpoint. Whatever writes a file asks here.
"""

from __future__ import annotations

import os
import re
import stat
from typing import Final

from assign.errors import BadOption, path_shown

DATABASE: Final = b"SQLite format 3\0"
BESIDE: Final = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database
_OURS: Final = b"asgn"  # the application id of a log, at byte 68
_WAL: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_SHARED: Final = (
    b"\x18\xe2\x2d\x00",
    b"\x00\x2d\xe2\x18",
)  # the format's number, 3007000; the first 48 bytes stand there twice
_JOURNAL: Final = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_KEY: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*PRIVATE\+KEY\+")
_STATE: Final = re.compile(rb'\s*\{\s*"format":\s*"assign\.signed/')
_NOTE: Final = re.compile(  # an editor may have changed it: it is still the only one
    rb"(?:\xef\xbb\xbf)?[^\n]+\n[0-9]{1,16}\r?\n[A-Za-z0-9+/]{42,43}=?\r?\n(?:[^\n]+\n)*?\r?\n\xe2\x80\x94 "
)
_A_LOG: Final = "判定の記録", "the decision log"
_A_DATABASE: Final = "データベース", "a database"
_A_KEY: Final = "記録の鍵", "a log's key"
_A_STATE: Final = "鍵が最後に署名した木の控え", "what a key has signed last"
_A_CHECKPOINT: Final = "チェックポイント", "a checkpoint"


def recognised(name: str | os.PathLike[str]) -> tuple[str, str] | None:
    """What a file is, in Japanese and English, where it must not be lost; None of any other."""
    try:
        real = os.path.realpath(name)
    except (OSError, ValueError):
        return None
    base = next((real.removesuffix(ending) for ending in BESIDE if real.endswith(ending)), None)
    if base and any((_head(f"{base}{ending}") or b"").startswith((DATABASE, *_WAL)) for ending in ("", "-wal")):
        return _A_DATABASE  # whatever is in it, and also where there is none yet: SQLite would read it
    head = _head(name)
    if head is None:
        return None
    if head.startswith(DATABASE):
        return _A_LOG if head[68:72] == _OURS else _A_DATABASE
    if head.startswith((*_WAL, _JOURNAL)) or (head.startswith(_SHARED) and head[:48] == head[48:96]):
        return _A_DATABASE
    if _KEY.match(head):
        return _A_KEY
    if _STATE.match(head):
        return _A_STATE
    if _NOTE.match(head):
        return _A_CHECKPOINT
    return None


def require_replaceable(name: str) -> None:
    """Raises BadOption where a file must not be lost: it is not written over."""
    if (what := recognised(name)) is not None:
        raise BadOption(
            f"{path_shown(name)} には書きません。失ってはならないファイルです（{what[0]}）。別の名前にしてください",
            f"{path_shown(name)} is not written over: it must not be lost ({what[1]}); name another file",
        )


def _head(name: str | os.PathLike[str]) -> bytes | None:
    """The first bytes of a regular file."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(name, flags), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            return file.read(4096) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except (OSError, ValueError):
        return None
