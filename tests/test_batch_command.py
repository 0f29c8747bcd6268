"""`assign batch` as a command: its files and pipes, its exit codes, and what a kill leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from assign import Desk

from .test_batch import TODAY, command, expected, read, requests, write


@pytest.mark.long
def test_the_command_answers_a_file_and_counts(desk: Desk, tmp_path: Path) -> None:
    """Rows in, rows out, by outcome; as text and as JSON."""
    rows = requests(200)
    source, out = write(tmp_path / "in.csv", "csv", rows), tmp_path / "out.csv"
    done = command(str(source), str(out), "--on", TODAY.isoformat())
    assert done.returncode == 0
    assert "入力 200 行、出力 200 行" in done.stdout.decode("utf-8")
    assert done.stderr == b""
    assert read(out, "csv") == [expected(desk, row) for row in rows]
    counts = json.loads(command(str(source), str(out), "--json").stdout)
    assert (counts["rows_in"], counts["rows_out"]) == (200, 200)
    assert sum(counts["outcomes"].values()) == 200


@pytest.mark.long
def test_the_command_works_in_a_pipe(desk: Desk, tmp_path: Path) -> None:
    """stdin to stdout, the counts on stderr."""
    rows = requests(50)
    data = write(tmp_path / "in.csv", "csv", rows).read_bytes()
    done = command("-", "-", "--format", "csv", "--on", TODAY.isoformat(), input=data)
    assert done.returncode == 0
    (tmp_path / "out.csv").write_bytes(done.stdout)
    assert read(tmp_path / "out.csv", "csv") == [expected(desk, row) for row in rows]
    assert "出力 50 行" in done.stderr.decode("utf-8")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["in.csv"], 2),
        (["in.csv", "out.txt"], 2),
        (["in.csv", "out.csv", "--format", "xlsx"], 2),  # also where both names tell their format
        (["-", "out.csv", "--format", "xlsx"], 2),
        (["in.csv", "out.csv", "--encoding", "latin-1"], 2),
        (["in.csv", "out.csv", "--engine", "hadoop"], 2),
        (["in.csv", "out.csv", "--on", "x"], 2),
        (["nowhere.csv", "out.csv"], 1),
        (["in.csv", "no/where.csv"], 1),
    ],
)
def test_a_mistyped_batch_is_one_line_and_its_exit_code(tmp_path: Path, words: list[str], code: int) -> None:
    """And nothing is written."""
    write(tmp_path / "in.csv", "csv", requests(3))
    done = command(*words, cwd=tmp_path)
    assert done.returncode == code
    if code:
        assert done.stderr.decode("utf-8").count("\n") == 1
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def half(folder: Path) -> int:
    """Bytes of a file on its way; -1 before there is one."""
    most = -1
    for path in folder.glob(".assign-batch-*/out"):
        with suppress(FileNotFoundError):  # it has got its name
            most = max(most, path.stat().st_size)
    return most


@pytest.mark.slow
def test_a_killed_run_leaves_no_half_file_and_the_source_untouched(tmp_path: Path) -> None:
    """kill -9 at 10 moments: as it begins, and when more and more of its half file, elsewhere, is written. Let go, it ends well."""
    rows = requests(200_000, odd=0.05)
    source, out = write(tmp_path / "in.csv", "csv", rows), tmp_path / "out.csv"
    before = source.read_bytes()
    assert command(str(source), str(out)).returncode == 0
    whole = out.read_bytes()
    out.unlink()
    killed = halves = 0
    for moment in range(10):
        process = subprocess.Popen(
            [sys.executable, "-m", "assign", "batch", str(source), str(out)], stdout=subprocess.DEVNULL
        )
        # Not at moments of a clock: on a busy machine they would all fall before the first byte, or after the last.
        while moment and process.poll() is None and half(tmp_path) < len(whole) * (moment - 1) // 10:
            time.sleep(0.001)
        process.kill()
        killed += process.wait() != 0
        assert source.read_bytes() == before
        if out.exists():
            assert out.read_bytes() == whole
            out.unlink()
        halves += half(tmp_path) > 0
        for left in tmp_path.glob(".assign-batch-*"):
            shutil.rmtree(left)
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert killed > 0
    assert halves > 0
