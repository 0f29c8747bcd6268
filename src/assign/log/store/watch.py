"""
Whether a file is where it was, and its name on the disk: what SQLite does not ask, and a promise rests on.
"""

from __future__ import annotations

import errno
import os
import stat
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from assign.errors import NO_NAME, NOT_UTF8, path_shown, system_reason

from .interface import StoreDamaged, StoreMissing


def stat_of(path: str) -> os.stat_result | None:
    """What is there, or None."""
    try:
        return os.stat(path)  # noqa: PTH116 - at each append; pathlib's takes three times as long
    except OSError:
        return None


def stands(path: Path, shown: str, *, create: bool) -> None:
    """Raises StoreMissing where there is no log, and none is to be made or can be; StoreDamaged where there was one."""
    try:
        os.fspath(path).encode()
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        found = None
    except (OSError, ValueError) as error:
        ja, en = system_reason(error, NOT_UTF8 if isinstance(error, UnicodeEncodeError) else NO_NAME)
        raise StoreMissing(f"記録 {shown} を開けません（{ja}）", f"cannot open the log {shown} ({en})") from None
    if found and not stat.S_ISREG(found.st_mode):
        raise StoreMissing(f"{shown} はファイルではありません", f"{shown} is not a file")
    wal = stat_of(f"{path}-wal")
    if wal and wal.st_size and not (found and found.st_size):  # SQLite would throw it away
        raise StoreDamaged(
            f"記録 {shown} は中身がなくなり、`-wal` のファイルだけが残っています（確定した記録を含むことがあります。退けてから、`assign audit restore` で控えを戻せます）",
            f"the log {shown} is gone but for its `-wal` file, which may hold records (move it away; `assign audit restore` then brings a backup back)",
        )
    if found and not found.st_size and not create:
        raise StoreMissing(
            f"{shown} は空のファイルで、記録ではありません（`assign audit init` で作ります）",
            f"{shown} is an empty file and no log (`assign audit init` makes one)",
        )
    if not found and not create:
        raise StoreMissing(
            f"記録 {shown} がありません（`assign audit init` で作ります）",
            f"there is no log {shown} (`assign audit init` makes it)",
        )
    if not found and not os.path.isdir(path.parent):
        raise StoreMissing(
            f"{path_shown(path.parent)} というフォルダがありません", f"there is no folder {path_shown(path.parent)}"
        )


def sync_folder(path: str) -> None:
    """SQLite syncs the folder of a new WAL as well, and takes no notice where that fails."""
    if os.name != "posix":
        return
    try:
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH120 - at the first append of a process
    except PermissionError:
        return  # whoever may write there and not look cannot ask for it
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that knows no such thing
            raise
    finally:
        with suppress(OSError):
            os.close(folder)


class Held:
    """
    A WAL that is written, and its folder, held by handles that read nothing (closing any other would drop SQLite's locks).

    After each commit it is asked whether the WAL is where it was. Its own name is looked up for that only after some name in
    the folder has changed; that none has is half as dear to know.

    Where the kernel tells the name of a handle, that is what is looked at: since Linux 6.13 a file whose times somebody asked
    for has each next write noted in the file system's journal, and a commit takes 215 us instead of 145 (`bench/audit.py`).
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._was = stat_of(path)
        self._open: list[int] = []
        weakref.finalize(self, _closed, self._open).atexit = False  # whoever forgets a log without closing it
        self._folder = -1
        self._name: str | None = None
        # When a name in the folder had last changed as the WAL was seen in its place; 0: not known.
        self._settled = 0
        try:
            if hasattr(os, "O_PATH"):
                self._open.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
                self._open.append(os.open(os.path.dirname(path), os.O_PATH | os.O_CLOEXEC))  # noqa: PTH120 - at the first append
                self._folder = self._open[-1]
            self._name = self._called()
        except BaseException:
            self.close()
            raise

    def _called(self) -> str | None:
        if not self._open:
            return None
        try:
            return os.readlink(f"/proc/self/fd/{self._open[0]}")  # noqa: PTH115 - at an append; pathlib's takes longer
        except OSError:
            return None

    def in_place(self) -> bool:
        """Whether the WAL's name still leads to it."""
        # A copy that keeps the times sets the other one of a folder; nobody sets this one.
        changed = os.fstat(self._folder).st_ctime_ns if self._folder >= 0 else 0
        if changed and changed == self._settled:
            return True
        if self._name is not None:
            here = self._called() == self._name  # a name that was taken away is followed by "(deleted)"
        else:
            now = stat_of(self._path)
            here = now is not None and self._was is not None and os.path.samestat(self._was, now)
        # The time counts once the next change will have another; one without fine digits is of a coarse clock, as FAT's.
        self._settled = changed if here and changed % 10_000_000 and time.time_ns() - changed > _TICKS else 0
        return here

    def close(self) -> None:
        """Let go of both."""
        self._folder = -1
        _closed(self._open)


def _closed(handles: list[int]) -> None:
    """Close each; an interrupt may come in between, and nothing is closed twice."""
    while handles:
        handle = handles.pop()
        with suppress(OSError):  # nothing was written through it
            os.close(handle)


def network_file_system(path: Path) -> str | None:
    """The kind of the network file system that a path is on, or None. Linux says; elsewhere nothing is known."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    real, best, kind = os.path.realpath(path), "", ""
    for mount in mounts:
        left, _, right = mount.partition(" - ")
        point = left.split(" ")[4]
        if "\\" in point:  # a space or the like, in octal
            point = point.encode("latin-1", "replace").decode("unicode_escape")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind if kind.startswith(_NETWORK) else None


_NETWORK: Final = (
    "nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "ocfs2", "gfs2", "beegfs", "davfs", "virtiofs", "vboxsf",
    "drvfs", "fuse.sshfs", "fuse.gluster", "fuse.s3", "fuse.rclone", "fuse.davfs", "fuse.ceph", "fuse.gcsfuse",
)  # fmt: skip
_TICKS: Final = 100_000_000  # ns; the clock that Linux stamps files with ticks each 10 ms or oftener
