"""
Files and folders that appear whole or not at all.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assign.errors import NotRegular, OutputError, system_reason


def unwritable(name: str, error: Exception) -> OutputError:
    """The error that something (`name`, fit to be shown) could not be written."""
    ja, en = system_reason(error)
    return OutputError(f"{name} に書けません（{ja}）", f"cannot write {name} ({en})")


def whole_or_not(name: str, data: bytes) -> None:
    """All of it under that name, or nothing new. Raises OSError; the old file is then as it was."""
    with appearing(name) as path:
        path.write_bytes(data)


@contextmanager
def appearing(name: str) -> Iterator[Path]:
    """
    A temporary file beside the named one, to be written: at the end synced and renamed, or gone where anything failed.

    Raises:
        OSError: It could not be written; the old file is then as it was.
    """
    import tempfile  # costs a cold start 2 ms, for those who write no file

    path, mode = destination(name)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".assign-", suffix=".part")
    os.close(handle)
    out = Path(temporary)
    try:
        yield out
        with out.open("r+b") as file:
            os.fsync(file.fileno())
        out.chmod(mode)
        out.replace(path)
    finally:
        out.unlink(missing_ok=True)


def replaced_privately(path: Path, data: bytes) -> None:
    """
    A file that its owner alone can read, whole, and on the disk with its name when this returns; what stood there is replaced.

    Raises:
        OSError: It could not be written; the old file is then as it was.
    """
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".assign-", suffix=".part")  # exclusive, random, 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - a name, as `mkstemp` gives it
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - the same
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The names in a folder, on the disk. Raises OSError."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that does not sync folders
            raise
    finally:
        os.close(handle)


@contextmanager
def folder_appearing(name: str) -> Iterator[Path]:
    """
    A temporary folder beside the named one, to be filled: at the end renamed, or gone where anything failed.

    Raises:
        OSError: Something stands there that is no empty folder (EEXIST, ENOTEMPTY), or it could not be written.
    """
    import shutil
    import tempfile

    path = Path(os.path.realpath(name))
    if os.path.lexists(path) and not (os.path.isdir(path) and not os.listdir(path)):  # noqa: PTH208 - one look, no walk
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    out = Path(tempfile.mkdtemp(dir=path.parent, prefix=".assign-", suffix=".part"))
    try:
        yield out
        mask = os.umask(0)
        os.umask(mask)
        out.chmod(0o777 & ~mask)
        if os.name == "nt" and os.path.isdir(path):  # there a rename does not take an empty folder's place
            path.rmdir()
        out.rename(path)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """
    Whether writing the one would write the other: the same device and inode, whatever link or spelling leads there
    (`/dev/fd/3`, too); where either is not there yet, the same name in the same folder.
    """
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        pass
    try:
        here, there = Path(os.path.realpath(one)), Path(os.path.realpath(other))
        alike = _plain_name(here.name) == _plain_name(there.name)  # to a disk that ignores case, or composes letters
        return alike and (here.parent == there.parent or here.parent.samefile(there.parent))
    except (OSError, ValueError):
        return False


def _plain_name(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def destination(name: str) -> tuple[Path, int]:
    """
    Where a file is really to appear (links followed), and the mode it is to have: its own, or what the umask leaves.

    Raises:
        OSError: What is there is no regular file (a device, a pipe, a folder), or the name is a folder's.
    """
    if name.endswith(("/", os.sep)):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if os.path.exists(name) and not os.path.isfile(name):  # `/dev/stdout` in a pipe, whose real name nobody can open
        raise NotRegular
    real = Path(os.path.realpath(name))
    if not os.path.exists(real):
        mask = os.umask(0)
        os.umask(mask)
        return real, 0o666 & ~mask
    return real, stat.S_IMODE(real.stat().st_mode)
