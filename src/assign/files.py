"""
Files and folders that appear whole or not at all.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

from assign.errors import BadOption, NotRegular, OutputError, path_shown, system_reason
from assign.evidence import require_replaceable


def unwritable(name: str, error: Exception) -> OutputError:
    """The error that something (`name`, fit to be shown) could not be written."""
    ja, en = system_reason(error)
    return OutputError(f"{name} に書けません（{ja}）", f"cannot write {name} ({en})")


def whole_or_not(name: str, data: bytes, replaces: bytes | None = None) -> None:
    """All of it under that name, or nothing new: as `writing`."""
    with writing(name, replaces) as file:
        file.write(data)


@contextmanager
def writing(name: str, replaces: bytes | None = None) -> Iterator[BinaryIO]:
    """
    A file to write to, which is under that name at the end, synced and whole; where anything fails the old one is as it was.

    It is written under a random name that nobody had, through the handle that made it; what stands at the name is looked at before
    and once more at the end.

    Args:
        replaces: What the file there must hold (nothing: it is not there, or empty). None: anything that may be lost.

    Raises:
        OSError: It could not be written. BadOption: What is there must not be lost, or is another user's link.
    """
    import tempfile  # costs a cold start 2 ms, for those who write no file

    path, mode = destination(name, replaces)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".assign-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.fileno() if os.chmod in os.supports_fd else temporary, mode)  # noqa: PTH101 - a handle
            with nullcontext() if replaces is None else _alone(path.parent):
                _require_replaceable(path, replaces)
                os.replace(temporary, path)  # noqa: PTH105 - a name, as `mkstemp` gives it
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - the same
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of all processes that replace what they have read, one at a time in a folder; where it cannot be locked, as good as it goes."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _require_replaceable(path: Path, replaces: bytes | None) -> None:
    if replaces is None:
        require_replaceable(str(path))
        return
    there = path.read_bytes() if os.path.lexists(path) else b""
    if there != replaces:
        raise BadOption(
            f"{path_shown(path)} がその間に変わりました。書きません（もう一度実行してください）",
            f"{path_shown(path)} has changed meanwhile, and is not written over (run it again)",
        )


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


@contextmanager
def new_folder(name: str) -> Iterator[Path]:
    """
    As `folder_appearing`, for a folder that a person has named.

    Raises:
        BadOption: Something stands there. OutputError: It could not be written.
    """
    try:
        with folder_appearing(name) as folder:
            yield folder
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            raise BadOption(
                f"{path_shown(name)} には既に何かあります。まだない名前か、空のフォルダを指定してください",
                f"something stands at {path_shown(name)} already; name a folder that is not there yet, or an empty one",
            ) from None
        raise unwritable(path_shown(name), error) from None


def put(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Files by their paths within a folder, each new and on the disk. Raises OSError."""
    for path, data in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)
            os.fsync(file.fileno())


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


def destination(name: str, replaces: bytes | None = None) -> tuple[Path, int]:
    """
    Where a file is really to appear (one's own links followed), and the mode it is to have: its own, or what the umask leaves.

    Raises:
        OSError: What is there is no regular file (a device, a pipe, a folder), or the name is a folder's.
        BadOption: What is there must not be lost, or is a link that another user has put there.
    """
    real = _place(name)
    _require_replaceable(real, replaces)
    if not os.path.exists(real):
        mask = os.umask(0)
        os.umask(mask)
        return real, 0o666 & ~mask
    return real, stat.S_IMODE(real.stat().st_mode)


def standing(name: str) -> bytes:
    """What is in the file that is to be replaced; nothing where there is none. Raises as `destination`."""
    real = _place(name)
    return real.read_bytes() if os.path.exists(real) else b""


def _place(name: str) -> Path:
    if name.endswith(("/", os.sep)):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if os.path.exists(name) and not os.path.isfile(name):  # `/dev/stdout` in a pipe, whose real name nobody can open
        raise NotRegular
    with suppress(FileNotFoundError):
        there = os.lstat(name)
        if stat.S_ISLNK(there.st_mode) and os.name == "posix" and there.st_uid not in (os.geteuid(), 0):
            raise BadOption(
                f"{path_shown(name)} は、別の利用者が置いたリンクです。その先には書きません",
                f"{path_shown(name)} is a link that another user has put there, and is not followed",
            )
    return Path(os.path.realpath(name))
