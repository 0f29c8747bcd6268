"""
Files of odd requests given to `assign batch`, and its answers held against `Desk.decide`, request by request.

    python -m tests.soak.differential --seed 1 --requests 200000       each file is made of the seed and its number
    python -m tests.soak.differential --seed 1 --file 37               one of them again

What a command shares with a test (a fault put back, `faults.py`) is the `Runner`: the way from a file to a result.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assign import Desk, cli

from .judge import TODAY, Finding, Oracle, Result, judged
from .odd_files import FORMATS, File, Maker, Row

PATIENCE: Final = 300  # seconds; a command that opens a pipe a second time would wait for ever
MOST_TRIES: Final = 25  # runs for making one failing file smaller


class Runner:
    """Gives a file to the command: in this process, or to one of its own where a pipe is in it."""

    patience = PATIENCE

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, file: File) -> Result:
        """The command's end, and what it wrote."""
        return self.given(file, file.data)

    def given(self, file: File, data: bytes) -> Result:
        """The same with these bytes in place of the file's."""
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            source, target = folder / f"in.{file.form.source}", folder / f"out.{file.form.target}"
            words = ["batch", "--on", TODAY.isoformat(), *file.form.options]
            if file.form.via == file.form.to == "file":
                source.write_bytes(data)
                result = self._here([*words, str(source), str(target)])
                out = target.read_bytes() if target.exists() else None
            else:
                result, out = self._apart(file, words, data, source, target)
            left = {path.name for path in folder.iterdir()} - {source.name, target.name}
            return Result(result.exit, out, result.stderr, tuple(sorted(left)))

    def _here(self, words: list[str]) -> Result:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _engine_errors() as engine:
            try:
                cli.main(words)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException as error:  # noqa: BLE001 - also an engine's panic, which is no Exception
                err.write(f"Traceback: {type(error).__name__}: {error}")
                code = 1
        return Result(code, None, (err.buffer.getvalue() + b"".join(engine)).decode("utf-8", "replace"))

    def _apart(
        self, file: File, words: list[str], data: bytes, source: Path, target: Path
    ) -> tuple[Result, bytes | None]:
        form = file.form
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL}
        close: list[int] = []
        feeding: threading.Thread | None = None
        if form.to == "stdout":
            words = [*words, "--format", form.target]
        if form.via == "file":
            source.write_bytes(data)
            came = str(source)
        elif form.via == "fifo":
            os.mkfifo(source)
            came = str(source)
            feeding = threading.Thread(target=_feed, args=(source, data), daemon=True)
        else:
            read, write = os.pipe()
            close.append(read)
            feeding = threading.Thread(target=_feed, args=(write, data), daemon=True)
            if form.via == "stdin":
                given["stdin"], came = read, "-"
            else:
                given["pass_fds"], came = (read,), f"/dev/fd/{read}"
            words = [*words, *(() if form.to == "stdout" else ("--format", form.source))]
        goes = "-" if form.to == "stdout" else str(target)
        command = [sys.executable, "-m", "assign", *words, came, goes]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given)
        for descriptor in close:
            os.close(descriptor)
        if feeding:
            feeding.start()
        try:
            stdout, stderr = process.communicate(timeout=self.patience)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            code = -999
        if form.via == "fifo":
            with contextlib.suppress(OSError):  # let a writer go whom nobody has read
                os.close(os.open(source, os.O_RDONLY | os.O_NONBLOCK))
        if feeding:
            feeding.join(10)
        out = stdout if form.to == "stdout" else target.read_bytes() if target.exists() else None
        return Result(
            code, out if form.to != "stdout" or code == 0 or out else None, stderr.decode("utf-8", "replace")
        ), out


@contextlib.contextmanager
def _engine_errors() -> Iterator[list[bytes]]:
    """What is written to the descriptor of stderr past Python, as an engine's panic is."""
    said: list[bytes] = []
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.append(file.read())


def _feed(to: Path | int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(to, "wb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor, too
        pipe.writelines(data[at : at + (1 << 12)] for at in range(0, len(data), 1 << 12))


@dataclass
class Report:
    """What was tried and what came of it."""

    seed: int
    files: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        found = Counter(failure.finding.kind for failure in self.failures)
        kinds = [
            f"  {kind:<28} {self.files[kind]:>5} files {self.rows[kind]:>8} requests {self.refused[kind]:>5} refused"
            for kind in sorted(self.files)
        ]
        total = f"seed {self.seed}: {self.rows.total()} requests in {self.files.total()} files, {self.refused.total()} refused"
        return "\n".join([*kinds, f"{total}, {len(self.failures)} wrong {dict(found) if found else ''}"])


@dataclass(frozen=True)
class Failure:
    """A file that was answered wrongly, as small as it could be made."""

    seed: str
    file: File
    finding: Finding
    stderr: str

    def __str__(self) -> str:
        form = self.file.form
        return (
            f"--- seed {self.seed}  {form.source} → {form.target}  {form.kind}  {self.finding}\n"
            f"    via {form.via} to {form.to}, options {form.options}, names {form.names}\n"
            f"    {len(self.file.data)} bytes: {self.file.data[:1500]!r}\n"
        )


def hunt(
    seed: int,
    requests: int,
    folder: Path,
    *,
    runner: Runner | None = None,
    rows: int = 100,
    only: int | None = None,
    small: bool = True,
    kinds: tuple[str, ...] = (),
) -> Report:
    """
    Try files until so many requests were asked.

    Args:
        rows: Of a file; one in nine has ten times as many.
        only: The one file of this number.
        small: Whether failing files are made smaller.
        kinds: Forms to be tried; all if empty.
    """
    desk = Desk.open(engine="table")
    maker, oracle = Maker(desk), Oracle(desk)
    runner = runner or Runner(folder)
    report = Report(seed)
    pairs = [(source, target) for source in FORMATS for target in FORMATS]
    number = -1 if only is None else only - 1
    while report.rows.total() < requests:
        number += 1
        source, target = pairs[number % len(pairs)]
        many = rows * 10 if number // 9 % 9 == 8 else rows
        name = f"{seed}-{number}"
        file = maker.file(name, source, target, many)
        if kinds and file.form.kind not in kinds:
            continue
        result = runner.run(file)
        kind = f"{source} → {target} {file.form.kind}"
        report.files[kind] += 1
        report.rows[kind] += len(file.rows)
        report.refused[kind] += result.exit in (1, 2)
        if finding := judged(file, result, oracle):
            if small:
                file, finding = smaller(file, finding, runner, oracle)
            report.failures.append(Failure(name, file, finding, result.stderr))
        if only is not None:
            break
    return report


def smaller(file: File, finding: Finding, runner: Runner, oracle: Oracle) -> tuple[File, Finding]:
    """The same form with as few rows as show the same kind of fault."""
    tries = MOST_TRIES if finding.kind != "hang" else 0

    def still(rows: list[Row]) -> Finding | None:
        nonlocal tries
        tries -= 1
        candidate = file.with_rows(rows)
        found = judged(candidate, runner.run(candidate), oracle)
        return found if found and found.kind == finding.kind else None

    rows, step = list(file.rows), max(1, len(file.rows) // 2)
    while tries > 0 and len(rows) > 1:
        for part in _without(rows, step):
            if tries > 0 and part and (found := still(part)):
                rows, finding = part, found
                break
        else:
            if step == 1:
                break
            step //= 2
    return file.with_rows(rows), finding


def _without(rows: list[Row], step: int) -> Iterator[list[Row]]:
    for at in range(0, len(rows), step):
        yield rows[:at] + rows[at + step :]


def main() -> int:
    """As a command: prints what was tried, and each failing file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--file", type=int)
    parser.add_argument("--keep", type=Path, help="a folder for the failing files")
    parser.add_argument("--kind", action="append", default=[])
    parser.add_argument("--large", action="store_true", help="do not make failing files smaller")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = hunt(
            given.seed,
            given.requests,
            Path(folder),
            rows=given.rows,
            only=given.file,
            kinds=tuple(given.kind),
            small=not given.large,
        )
    for failure in report.failures:
        print(failure)
        if given.keep:
            given.keep.mkdir(exist_ok=True)
            (given.keep / f"{failure.seed}.{failure.file.form.source}").write_bytes(failure.file.data)
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
