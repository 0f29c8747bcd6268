"""
The bytes of a workbook or a PDF → its sheets, read by a process that may not take more than it is given.

A library that reads such files meets what somebody made to break it. So it runs by itself, with limits that the system keeps: what
hangs, eats memory or crashes ends there, and here it is one line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

from assign.errors import DataError

from .child import NO_MEMORY, understood
from .sheets import Remark, Sheet

MOST_SAID: Final = 64_000_000  # bytes of its answer


def read_apart(
    data: bytes, kind: str, seconds: float, megabytes: int
) -> tuple[str, tuple[Sheet, ...], tuple[Remark, ...]]:
    """
    The kind, sheets and remarks.

    Args:
        kind: As `kinds.packed_kind` gives it. seconds, megabytes: What the process may take.

    Raises:
        DataError: It cannot be read, or takes too much; without the file's name.
    """
    command = [sys.executable, "-P", "-m", "assign.intake.child", kind, str(seconds), str(megabytes)]
    try:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 - a folder that is there, and no one's
        )
    except (OSError, ValueError) as error:
        raise DataError("読むためのプロセスを起動できません", "the process that reads it cannot be started") from error
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    clock = threading.Timer(seconds * 1.125, end)  # a machine that is busy gives it less than it may take
    clock.start()
    try:
        feeder = threading.Thread(target=_feed, args=(process.stdin, data))
        feeder.start()
        said = process.stdout.read(MOST_SAID + 1) if process.stdout is not None else b""
        if len(said) > MOST_SAID:
            process.kill()
        process.wait()
        feeder.join()
    finally:
        clock.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return _understood(said, process.returncode, late=late.is_set(), seconds=seconds)


def _feed(pipe: IO[bytes] | None, data: bytes) -> None:
    if pipe is None:
        return
    try:
        pipe.write(data)
        pipe.close()
    except OSError:  # it has ended; what it said, or that it said nothing, is seen
        try:
            pipe.close()
        except OSError:
            return


def _environment() -> dict[str, str]:
    """What a Python needs to start, and to find this package: nothing of the user's, a key or an address of a log least of all."""
    kept = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    here = str(Path(__file__).resolve().parents[2])
    return {
        **environment,
        "PYTHONPATH": here,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "MALLOC_ARENA_MAX": "1",
    }


def _understood(
    said: bytes, code: int, *, late: bool, seconds: float
) -> tuple[str, tuple[Sheet, ...], tuple[Remark, ...]]:
    """Its answer. Raises DataError where it gave none, with the reason that the system gives."""
    if code == 0 and len(said) <= MOST_SAID:
        try:
            answer = json.loads(said.decode("utf-8", "surrogatepass"))
            if "error" in answer:
                ja, en = answer["error"]
                raise DataError(str(ja), str(en))
            return understood(answer)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise DataError(
                "読み取りの結果が壊れています", "the answer of the process that reads it is damaged"
            ) from None
    if len(said) > MOST_SAID:
        raise DataError("中の文字が多すぎます", "there is too much in it")
    if late or code in _OUT_OF_TIME:
        raise DataError(
            f"{seconds:g} 秒では読み終わりません（信頼できるファイルなら `--seconds` を大きくしてください）",
            f"it cannot be read within {seconds:g} s (if you trust the file, give `--seconds` a larger number)",
        )
    raise (
        DataError(*NO_MEMORY)
        if code in _NO_MEMORY
        else DataError(
            f"読めません（壊れたファイルです: 終了コード {code}）",
            f"it cannot be read (a damaged file: the reader ended with {code})",
        )
    )


_OUT_OF_TIME: Final = (-24, -9)  # SIGXCPU, and SIGKILL after it
_NO_MEMORY: Final = (-6,)  # SIGABRT: how a library in Rust ends that gets no memory
