"""
The files of a run: a source that can be read only once is copied first; an output appears whole; nothing is left behind.

A run works in a temporary folder of its own, and writes into another beside its target. Both are removed at its end, by `remove_all`
when a signal ends it, and by the next run after SIGKILL or an abort of the engine: each folder holds a locked file, and the system
releases the lock with the process, so that a folder whose lock is free belongs to a dead run.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Final

from assign.errors import BadRequest, DataError, path_shown, system_reason, unreadable
from assign.files import destination, unwritable

try:
    import fcntl
except ImportError:  # Windows: what a killed run left is not removed
    fcntl = None  # type: ignore[assignment]

FOLDER: Final = "assign-batch-"
BESIDE: Final = ".assign-batch-"  # beside the output
LOCK: Final = "lock"
YOUNG: Final = 60  # seconds in which an empty folder without a lock may be one that another run is just making
TRIES: Final = 100  # the engine may be making files while they are removed
_live: set[Path] = set()


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for this run alone."""
    base = tempfile.gettempdir()
    with _folder(Path(base), FOLDER, base) as folder:
        yield folder


@contextmanager
def whole(target: str, work: Path) -> Iterator[Path]:
    """A path to write: it becomes the target (`-`: stdout) on success, and is removed on failure."""
    if target == "-":
        out = work / "stdout"
        yield out
        _poured(out)
        return
    try:
        path, mode = destination(target)
    except OSError as error:
        raise unwritable(path_shown(target), error) from None
    with _folder(path.parent, BESIDE, target) as folder:
        out = folder / "out"
        yield out
        try:
            with out.open("r+b") as file:
                os.fsync(file.fileno())
            out.chmod(mode)
            out.replace(path)
        except OSError as error:
            raise unwritable(path_shown(target), error) from None


@contextmanager
def _folder(base: Path, prefix: str, shown: str) -> Iterator[Path]:
    """
    A new folder, ours alone, removed at the end. `shown` is named where it cannot be made.

    Unfinished files are inside a folder of their own: once it is removed, a thread of the engine that still runs can make no new
    file there.
    """
    try:
        for left in base.glob(f"{prefix}*"):
            _sweep(left)
        folder = Path(tempfile.mkdtemp(dir=base, prefix=prefix))
    except OSError as error:
        raise unwritable(path_shown(shown), error) from None
    _live.add(folder)
    try:
        with _locked(folder / LOCK):
            yield folder
    finally:
        _remove(folder)


def spooled(source: str, work: Path) -> Path:
    """
    A path that can be read as often as one likes: the file itself, or a copy of what a pipe, a device or stdin (`-`) brings.

    Raises:
        DataError: It cannot be read. OutputError: There is no room for the copy.
    """
    with _read(source) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and source != "-":
            return Path(source)
        return _copied(file, work)[0]


def hashed(source: str, work: Path) -> tuple[Path, str]:
    """
    A copy of a file, a pipe or stdin (`-`) in a folder of our own, and its SHA-256. It is opened once and read once: what is
    answered from the copy is what was hashed, whatever happens to the name or to the file.

    Raises:
        DataError: It cannot be read, or changed while it was. OutputError: There is no room for the copy.
    """
    with _read(source) as file:
        before = _told(os.fstat(file.fileno()))
        found = _copied(file, work)
        if before != _told(os.fstat(file.fileno())) and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _changed()
        return found


@contextmanager
def _read(source: str) -> Iterator[FileIO]:
    if source == "-" and (sys.stdin is None or sys.stdin.closed):
        raise DataError("標準入力が閉じています（ファイル名を指定してください）", "stdin is closed (name a file)")
    try:
        with open(sys.stdin.fileno() if source == "-" else source, "rb", buffering=0, closefd=source != "-") as file:
            yield file
    except (OSError, ValueError) as error:
        if isinstance(error, IsADirectoryError):
            raise DataError(
                f"{path_shown(source)} はフォルダです（ファイルを指定してください）",
                f"{path_shown(source)} is a folder (name a file)",
            ) from None
        if source == "-":
            ja, en = system_reason(error)
            raise DataError(f"標準入力を読めません（{ja}）", f"stdin cannot be read ({en})") from None
        raise unreadable(source, error) from None


def _copied(file: FileIO, work: Path) -> tuple[Path, str]:
    path, digest = work / "input", sha256()
    with path.open("wb", buffering=0) as copy:
        while block := file.read(1 << 20):
            digest.update(block)
            try:
                rest = memoryview(block)
                while rest:
                    rest = rest[copy.write(rest) :]
            except OSError as error:
                raise unwritable(path_shown(path), error) from None
    return path, digest.hexdigest()


@contextmanager
def named(source: str) -> Iterator[None]:
    """Name the source in each error about it."""
    try:
        yield
    except (BadRequest, DataError) as error:
        ja, en = ("標準入力", "stdin") if source == "-" else (path_shown(source), path_shown(source))
        error.ja, error.en = f"{ja}: {error.ja}", f"{en}: {error.en}"
        error.args = (error.en,)
        raise


@contextmanager
def require_unchanged(path: Path) -> Iterator[None]:
    """Raises DataError where the file changes during the block, since its rows are read more than once."""
    before = _version(path)
    yield
    if _version(path) != before:
        raise _changed()


def _changed() -> DataError:
    return DataError(
        "読んでいる間に変わりました。書き終わってから、または写しを取って、もう一度実行してください",
        "it changed while it was read; run again when it is complete, or on a copy",
    )


def _version(path: Path) -> tuple[int, ...]:
    try:
        return _told(path.stat())
    except OSError as error:
        raise unreadable(path, error) from None


def _told(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def same_file(one: str, other: str) -> bool:
    """Whether two names, or `-` and a name, are one file: by links, spellings and the case that a disk does not tell apart."""
    seen = []
    for name, stream in ((one, sys.stdin), (other, sys.stdout)):
        try:
            told = os.fstat(stream.fileno()) if name == "-" else os.stat(name)  # noqa: PTH116 - a name that may be anything
        except (OSError, ValueError, AttributeError):
            return False
        seen.append(told)
    return stat.S_ISREG(seen[0].st_mode) and os.path.samestat(*seen)


def apart(source: str, target: str) -> None:
    """Raises BadRequest where the answers would be written over the requests."""
    if same_file(source, target):
        raise BadRequest(
            f"入力と出力が同じファイルです（{path_shown(target)}）。出力に別の名前を指定してください",
            f"input and output are one file ({path_shown(target)}); name another one for the output",
        )


def remove_all() -> None:
    """Everything that the runs of this process have not yet finished. For the moment before the process ends."""
    for path in list(_live):
        _remove(path)


def _remove(folder: Path) -> None:
    for _ in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            break
    _live.discard(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock that marks a folder as in use. Without locks on the platform nothing is ever swept."""
    with path.open("ab") as file:
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _sweep(left: Path) -> None:
    """Remove what a dead run of this user left, and nothing else."""
    if fcntl is None or left in _live:
        return
    lock = left / LOCK
    with suppress(OSError):
        told = left.lstat()
        if told.st_uid != os.getuid() or not stat.S_ISDIR(told.st_mode) or not stat.S_ISREG(lock.lstat().st_mode):
            return
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - told.st_mtime >= YOUNG or any(each.name != LOCK for each in left.iterdir()):
                _remove(left)


def _poured(out: Path) -> None:
    """Copy to stdout. A closed pipe (`| head`) is no error."""
    try:
        if sys.stdout is None or sys.stdout.closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        with out.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer, 1 << 20)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError) as error:
        raise unwritable("stdout", error) from None
