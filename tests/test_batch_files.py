"""What can be read once is read once, an output never replaces its input, and no run leaves anything behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from assign import Desk
from assign.batch import files, run
from assign.errors import BadRequest, DataError

from .test_batch import command, options

BODY = b"division,item,channel\n" + b"kokuho,1,counter\n" * 60_000
LINES = b'{"division": "kokuho", "item": 1, "channel": "counter"}\n' * 60_000


@pytest.mark.long
@pytest.mark.parametrize(("kind", "data"), [("csv", BODY), ("jsonl", LINES)])
@pytest.mark.parametrize("how", ["fifo", "process substitution", "/dev/stdin", "/dev/fd"])
def test_what_is_no_regular_file_is_read_once(tmp_path: Path, kind: str, data: bytes, how: str) -> None:
    """Opened twice, 33,183 of 100,000 lines came out, and a named pipe hung."""
    (tmp_path / "in").write_bytes(data)
    program = f"{sys.executable} -m assign batch"
    script = {
        "fifo": f"mkfifo pipe; cat in > pipe & {program} pipe out --format {kind}",
        "process substitution": f"{program} <(cat in) out --format {kind}",
        "/dev/stdin": f"cat in | {program} /dev/stdin out --format {kind}",
        "/dev/fd": f"{program} /dev/fd/7 out --format {kind} 7< <(cat in)",
    }[how]
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_bytes().count(b"\n") == data.count(b"\n")


@pytest.mark.parametrize("other", ["in.csv", "./in.csv", "hard.csv", "soft.csv", "sub/../in.csv"])
def test_a_file_is_not_written_over_itself(desk: Desk, tmp_path: Path, other: str) -> None:
    """By whatever spelling or link."""
    (tmp_path / "in.csv").write_bytes(BODY)
    (tmp_path / "sub").mkdir()
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "in.csv")
    (tmp_path / "soft.csv").symlink_to(tmp_path / "in.csv")
    for one, two in (("in.csv", other), (other, "in.csv")):
        with pytest.raises(BadRequest, match="are one file"):
            run(desk, str(tmp_path / one), f"{tmp_path}/{two}", options("csv", "csv"))
    assert (tmp_path / "in.csv").read_bytes() == BODY


def test_a_redirected_stdin_is_not_written_over(tmp_path: Path) -> None:
    """`assign batch - in.csv < in.csv`."""
    (tmp_path / "in.csv").write_bytes(BODY)
    with (tmp_path / "in.csv").open("rb") as stdin:
        assert command("-", str(tmp_path / "in.csv"), "--format", "csv", stdin=stdin).returncode == 2
    assert (tmp_path / "in.csv").read_bytes() == BODY


@pytest.mark.long
@pytest.mark.parametrize(("kind", "data"), [("csv", BODY), ("jsonl", LINES)])
@pytest.mark.parametrize("how", ["appended to", "replaced"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    desk: Desk, tmp_path: Path, kind: str, data: bytes, how: str
) -> None:
    """It is read more than once: the rows of one moment would be recorded as those of another."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.write_bytes(data)
    (tmp_path / "other").write_bytes(data)
    finished = []

    def meanwhile(_done: int, _total: int, _stage: str) -> None:
        if how == "appended to":
            with source.open("ab") as file:
                file.write(data.splitlines(keepends=True)[-1])
        elif (tmp_path / "other").exists():
            (tmp_path / "other").replace(source)

    with pytest.raises(DataError, match="changed while it was read"):
        run(desk, str(source), str(out), options(kind, kind), meanwhile, lambda *_: finished.append(1))
    assert not out.exists()
    assert not finished


@pytest.mark.long
def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    """`… | head -1`."""
    (tmp_path / "in.csv").write_bytes(BODY)
    script = f"{sys.executable} -m assign batch in.csv - | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script.replace("in.csv -", "in.csv - --format csv")],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"division,item,channel,assignee")


@pytest.mark.long
@pytest.mark.parametrize(("closed", "words"), [("<&-", "- out.csv"), (">&-", "in.csv -")])
def test_a_closed_stream_is_one_line_and_exit_1(tmp_path: Path, closed: str, words: str) -> None:
    """Not an internal error."""
    (tmp_path / "in.csv").write_bytes(BODY[:60])
    script = f"{sys.executable} -m assign batch {words} --format csv {closed}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert "内部の誤り" not in done.stderr.decode()


def left(*folders: Path) -> list[str]:
    return [path.name for folder in folders for path in folder.iterdir() if "assign-batch-" in path.name]


def started(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A run in the middle of its work: it has copied all that a pipe gave it so far, and waits for more."""
    (tmp_path / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "assign", "batch", "-", str(tmp_path / "out.csv"), "--format", "csv"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(BODY)
    process.stdin.flush()
    end = time.monotonic() + 120
    while not [path for path in (tmp_path / "tmp").glob("*/input") if path.stat().st_size]:
        assert process.poll() is None
        assert time.monotonic() < end, "nothing was copied"
        time.sleep(0.01)
    return process


def said(process: subprocess.Popen[bytes]) -> bytes:
    """What it said on stderr, its pipes closed."""
    assert process.stdin
    assert process.stderr
    with process.stderr as stderr:
        process.stdin.close()
        return stderr.read()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_leaves_nothing_of_the_input_behind(tmp_path: Path, name: str) -> None:
    """Citizens' rows stood in the temporary folder afterwards."""
    process = started(tmp_path)
    process.send_signal(getattr(signal, name))
    process.wait()
    number = getattr(signal, name)
    assert process.returncode in (128 + number, -number)
    assert said(process) == b""
    assert left(tmp_path, tmp_path / "tmp") == []
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.long
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_within_the_engine_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    """While Polars holds the main thread Python would not see it: a thread of its own does."""
    (tmp_path / "tmp").mkdir()
    code = (
        "import os, signal, sys\n"
        "from assign import cli\n"
        "from assign.batch import pipeline\n"
        "plain = pipeline._written\n"
        "def written(*given):\n"
        "    out = given[2]\n"
        "    out.write_bytes(b'half')\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "    while True:\n"  # an engine that has not heard of it makes its file again and again
        "        try: plain(*given)\n"
        "        except Exception: pass\n"
        "pipeline._written = written\n"
        "cli.main(sys.argv[1:])\n"
    )
    (tmp_path / "in.csv").write_bytes(BODY)
    done = subprocess.run(
        [sys.executable, "-c", code, "batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv")],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == -getattr(signal, name), done.stderr
    assert left(tmp_path, tmp_path / "tmp") == []


@pytest.mark.long
def test_what_a_killed_run_left_is_swept_by_the_next(tmp_path: Path) -> None:
    """Nobody can do anything at SIGKILL; its lock goes with it."""
    process = started(tmp_path)
    process.kill()
    process.wait()
    said(process)
    assert left(tmp_path / "tmp")
    beside = tmp_path / ".assign-batch-x"  # with the lock alone it may be another's that is about to be locked
    beside.mkdir()
    (beside / "lock").touch()
    (beside / "out").write_bytes(b"half")
    (tmp_path / "in.csv").write_bytes(BODY)
    assert (
        command(
            str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        ).returncode
        == 0
    )
    assert left(tmp_path, tmp_path / "tmp") == []


@pytest.mark.slow
def test_what_a_living_run_works_with_is_not_swept(tmp_path: Path) -> None:
    """Nor what is not ours: a folder without our lock, a link, a file that only bears the name."""
    process = started(tmp_path)
    before = left(tmp_path, tmp_path / "tmp")
    (tmp_path / "tmp" / "assign-batch-foreign").mkdir()
    (tmp_path / "tmp" / "assign-batch-foreign" / "data").write_text("theirs")
    (tmp_path / "tmp" / "assign-batch-link").symlink_to(tmp_path)
    (tmp_path / "in.csv").write_bytes(BODY)
    env = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    assert command(str(tmp_path / "in.csv"), str(tmp_path / "other.csv"), env=env).returncode == 0
    assert set(before) <= set(left(tmp_path, tmp_path / "tmp"))
    assert (tmp_path / "tmp" / "assign-batch-foreign" / "data").read_text() == "theirs"
    assert (tmp_path / "in.csv").exists()
    said(process)
    assert process.wait() == 0
    assert (tmp_path / "out.csv").read_bytes().count(b"\n") == BODY.count(b"\n")


def test_runs_in_threads_of_one_process_do_not_sweep_each_other() -> None:
    """A lock of the same process would be given again."""
    with files.workplace() as one:
        thread = threading.Thread(target=lambda: files.workplace().__enter__())
        thread.start()
        thread.join()
        assert one.is_dir()
    assert not one.exists()
    files.remove_all()
    assert not [path for path in Path(tempfile.gettempdir()).glob("assign-batch-*") if path in files._live]


@pytest.mark.long
def test_a_failed_run_is_told_as_json(tmp_path: Path) -> None:
    """A panic of the engine passed every handler."""
    import polars as pl

    frame = pl.DataFrame({"division": ["kokuho"], "item": ["1"], "channel": ["counter"], "blob": [b"\xff"]})
    frame.write_parquet(tmp_path / "in.parquet")
    done = command("in.parquet", "out.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "`blob`" in json.loads(done.stderr)["error"]["message"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "code"), [([], 0), (["--fail-on", "error"], 6), (["--fail-on", "ruling"], 5), (["--strict"], 6), (["--fail-on", "x"], 2)]
)  # fmt: skip
def test_rows_that_failed_are_told_by_the_exit_code_where_it_is_asked_for(
    tmp_path: Path, words: list[str], code: int
) -> None:
    """The answers are written all the same."""
    (tmp_path / "in.csv").write_text("division,item,channel\nkokuho,99999,counter\nkokuho,34,counter\n")
    done = command("in.csv", "out.csv", *words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert (tmp_path / "out.csv").exists() is (code != 2)


@pytest.mark.parametrize(
    "name", ["UTF-8", "utf8", "utf_8", "shift_jis", "SJIS", "CP932", "Windows-31J", "ms932", "Auto"]
)
def test_an_encoding_is_known_by_its_other_names(name: str) -> None:
    """People write what their editor calls it."""
    from assign.batch import ENCODINGS, encoding_of

    assert encoding_of(name) in ENCODINGS
