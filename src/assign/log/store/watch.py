"""
Whether a log's files are still the ones of their names, and whether those names are on the disk: SQLite does not ask.
"""

from __future__ import annotations

import errno
import os
import stat
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from assign.commands import command
from assign.errors import NO_NAME, NOT_UTF8, path_shown, system_reason

from .interface import StoreDamaged, StoreMissing


def stat_of(path: str) -> os.stat_result | None:
    """The status of a file, or None where there is none."""
    try:
        return os.stat(path)  # noqa: PTH116 - at each append; pathlib's takes three times as long
    except OSError:
        return None


def require_place(path: Path, shown: str, *, create: bool) -> None:
    """Raises StoreMissing where there is no file, and none is to be made or can be; StoreDamaged where there was a log."""
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
            f"記録 {shown} は中身がなくなり、`-wal` のファイルだけが残っています（確定した記録を含むことがあります。退けてから、`{command('audit restore', 'FILE')}` で控えを戻せます）",
            f"the log {shown} is gone but for its `-wal` file, which may hold records (move it away; `{command('audit restore', 'FILE')}` then brings a backup back)",
        )
    if found and not found.st_size and not create:
        raise StoreMissing(
            f"{shown} は空のファイルで、記録ではありません（`{command('audit init')}` で作ります）",
            f"{shown} is an empty file and no log (`{command('audit init')}` makes one)",
        )
    if not found and not create:
        raise StoreMissing(
            f"記録 {shown} がありません（`{command('audit init')}` で作ります）",
            f"there is no log {shown} (`{command('audit init')}` makes it)",
        )
    if not found and not os.path.isdir(path.parent):
        raise StoreMissing(
            f"{path_shown(path.parent)} というフォルダがありません", f"there is no folder {path_shown(path.parent)}"
        )


def sync_folder(path: str) -> None:
    """Sync the folder of a file. SQLite does so for a new WAL, too, but ignores a failure."""
    if os.name != "posix":
        return
    try:
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH120 - at the first append of a process
    except PermissionError:
        return  # a folder that may be written but not read cannot be opened for that
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that does not sync folders
            raise
    finally:
        with suppress(OSError):
            os.close(folder)


class WalWatch:
    """
    Whether a WAL that is written to is still the file of its name: asked after each commit.

    The WAL is held by a handle that reads nothing, since closing any other kind would drop SQLite's locks. Where the kernel tells
    a handle's name (Linux), that is compared, and not the file's times: since Linux 6.13, once somebody has asked for them, each
    next write is noted in the file system's journal, and a commit takes 215 us instead of 145 (`bench/audit.py`).
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._was = stat_of(path)
        self._open: list[int] = []
        weakref.finalize(self, _closed, self._open).atexit = False  # a log that is forgotten without being closed
        self._name: str | None = None
        try:
            if hasattr(os, "O_PATH"):
                self._open.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
            self._name = self._name_now()
        except BaseException:
            self.close()
            raise

    def _name_now(self) -> str | None:
        if not self._open:
            return None
        try:
            return os.readlink(f"/proc/self/fd/{self._open[0]}")  # noqa: PTH115 - at each commit; pathlib's takes longer
        except OSError:
            return None

    def still_in_place(self) -> bool:
        """Whether the WAL's name still leads to it."""
        if self._name is not None:
            return self._name_now() == self._name  # the kernel adds "(deleted)" to a name that was taken away
        now = stat_of(self._path)
        return now is not None and self._was is not None and os.path.samestat(self._was, now)

    def close(self) -> None:
        """Close the handle."""
        _closed(self._open)


def _closed(handles: list[int]) -> None:
    """Close each; an interrupt may come in between, and nothing is closed twice."""
    while handles:
        handle = handles.pop()
        with suppress(OSError):  # nothing was written through it
            os.close(handle)


def network_file_system(path: Path) -> str | None:
    """The kind of the network file system that a path is on, or None."""
    kind = file_system(path)
    return kind if kind.startswith(_NETWORK) else None


def memory_file_system(path: Path) -> str | None:
    """The kind of the file system in memory that a path is on, or None: what is there is gone when the machine stops."""
    kind = file_system(path)
    return kind if kind in ("tmpfs", "ramfs") else None


def file_system(path: Path) -> str:
    """The kind of the file system that a path is on. Linux says; elsewhere nothing is known."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    real, best, kind = os.path.realpath(path), "", ""
    for mount in mounts:
        left, _, right = mount.partition(" - ")
        point = left.split(" ")[4]
        if "\\" in point:  # a space or the like, in octal
            point = point.encode("latin-1", "replace").decode("unicode_escape")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind


_NETWORK: Final = (
    "nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "ocfs2", "gfs2", "beegfs", "davfs", "virtiofs", "vboxsf",
    "drvfs", "fuse.sshfs", "fuse.gluster", "fuse.s3", "fuse.rclone", "fuse.davfs", "fuse.ceph", "fuse.gcsfuse",
)  # fmt: skip
