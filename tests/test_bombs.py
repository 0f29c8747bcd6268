"""A small or a strange file costs no more memory than a run may take, or is refused with the reason."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl
import pytest

from assign import Desk
from assign.batch import csv_in
from assign.batch import run as batch_run
from assign.batch.recognise import of_lines
from assign.errors import DataError

from .test_batch import options

MOST = 2_000_000  # kB that a whole run may take, the engine's part among them
HEAD = b"division,item,channel"
ROW = b"kokuho,1,counter"
OBJECT = b'{"division":"kokuho","item":1,"channel":"counter","memo":'
WHOLE = b"x" * 1_000_000

# A small process of its own asks for the peak: one of a child counts what its parent had, and the parent is pytest here.
MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
json.dump([done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.stdout, done.stderr], sys.stdout)
"""


def peak(*words: str) -> tuple[int, int, str]:
    """A command's exit, its peak in kB, and what it said."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (12 << 30,) * 2)"  # a fault breaks it alone
    command = [sys.executable, "-c", limit + MEASURED, sys.executable, "-m", "assign", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    code, most, out, err = json.loads(done.stdout)
    return code, most, out + err


def batch(folder: Path, data: Iterable[bytes], source: str, target: str) -> tuple[int, str]:
    """The exit of a run over a file of these bytes, and what it said; it took no more than it may, and told no traceback."""
    with (folder / f"in.{source}").open("wb") as file:
        file.writelines(data)
    return run(folder, source, target)


def run(folder: Path, source: str, target: str) -> tuple[int, str]:
    words = ("batch", "--lang", "en", "--on", "2026-11-25", str(folder / f"in.{source}"), str(folder / f"out.{target}"))
    code, most, said = peak(*words)
    assert most < MOST, f"{most:,} kB: {said}"
    assert "Traceback" not in said
    assert (folder / f"out.{target}").exists() == (code == 0)
    return code, said


Made = Callable[[], Iterable[bytes]]
TEXTS: dict[str, tuple[str, str, Made, int, str]] = {
    "200,000 columns": ("csv", "csv", lambda: [HEAD, *(b",c%d" % i for i in range(200_000)), b"\n", ROW, b"," * 200_000], 2, "more than 16,384 columns"),
    "20,000 keys": ("jsonl", "csv", lambda: (b'{"k%d":1}\n' % i for i in range(20_000)), 2, "more than 2,000 columns"),
    "20,000 keys, each in a line": ("jsonl", "jsonl", lambda: (OBJECT + b'1,"k%d":1}\n' % i for i in range(20_000)), 0, "contractor, settled: 20,000"),
    "a million keys in a line": ("jsonl", "jsonl", lambda: [OBJECT, b"1", *(b',"k%d":1' % i for i in range(1_000_000)), b"}\n"], 0, "error bad_request: 1"),
    "a cell of 200 MB": ("csv", "csv", lambda: [HEAD, b",memo\n", ROW, b",y\n", ROW, b",", *[WHOLE] * 200, b"\n"], 1, "line 3 is longer than 16 MB"),
    "a cell of 200 MB of quotes": ("csv", "jsonl", lambda: [HEAD, b",memo\n", ROW, b',"', *[b'"' * 1_000_000] * 200, b'"\n'], 1, "line 2 is longer than 16 MB"),
    "a cell of 8 MB of quotes": ("csv", "csv", lambda: [HEAD, b",memo\n", ROW, b',"', *[b'"' * 1_000_000] * 8, b'"\n'], 0, "contractor, settled: 1"),
    "an act of 16 MB": ("csv", "csv", lambda: [HEAD, b",act\n", ROW, b",", *[WHOLE] * 16, b"\n"], 0, "error unknown_act: 1"),
    "a header of 200 MB": ("csv", "csv", lambda: [HEAD, b",", *[WHOLE] * 200, b"\n", ROW, b",\n"], 2, "header) is too long"),
    "200 MB of blank lines": ("csv", "csv", lambda: [HEAD, b"\n", ROW, *[b"\n" * 1_000_000] * 200], 0, "1 rows in, 1 rows out"),
    "200 MB of blanks": ("csv", "csv", lambda: [HEAD, b"\n", ROW, b"\n", *[b" " * 1_000_000] * 200], 0, "1 rows in, 1 rows out"),
    "a quote open for 300 MB": ("csv", "csv", lambda: [HEAD, b",memo\n", ROW, b',"', *[WHOLE] * 300], 1, "line 2 is longer than 16 MB"),
    "a quote open over lines": ("csv", "csv", lambda: [HEAD, b",memo\n", ROW, b',"y\n', *[(ROW + b",y\n") * 1000] * 300], 0, "error damaged_row: 1"),
    "a line of 200 MB": ("jsonl", "csv", lambda: [OBJECT, b'"', *[WHOLE] * 200, b'"}\n'], 1, "line 1 is longer than 16 MB"),
    "a line of 16 MB of numbers": ("jsonl", "csv", lambda: [OBJECT, b"[", *[b"1," * 500_000] * 16, b"1]}\n"], 0, "contractor, settled: 1"),
    "a line of 16 MB of lists": ("jsonl", "csv", lambda: [OBJECT, b"[", b"[]," * 5_000_000, b"1]}\n"], 0, "contractor, settled: 1"),
    "100,000 brackets": ("jsonl", "csv", lambda: [OBJECT, b"[" * 100_000, b"]" * 100_000, b"}\n", OBJECT, b"1}\n"], 0, "error damaged_row: 1"),
    "100,000 objects in each other": ("jsonl", "jsonl", lambda: [OBJECT, b'{"a":' * 100_000, b"1", b"}" * 100_000, b"}\n"], 0, "error damaged_row: 1"),
    "100,000 open brackets": ("jsonl", "jsonl", lambda: [b"[" * 100_000, b"\n", OBJECT, b"1}\n"], 1, "a JSON array"),
    "zeros": ("csv", "csv", lambda: [b"\0" * 1_000_000] * 200, 1, "not text"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_a_bomb_of_text_stays_within_bounds(tmp_path: Path, name: str) -> None:
    """They took 2 to 21 GB, or minutes."""
    source, target, data, exit_, says = TEXTS[name]
    code, said = batch(tmp_path, data(), source, target)
    assert (code, says in said) == (exit_, True), said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "source"),
    [("act", "csv"), ("act", "jsonl"), ("act", "parquet"), ("item", "csv"), ("on", "jsonl"), ("division", "parquet")],
)
def test_every_row_may_have_a_bad_word_of_its_own(tmp_path: Path, field: str, source: str) -> None:
    """A million took 280 s."""
    n = 10_000
    given = {"division": "kokuho", "item": "1", "channel": "counter"}
    frame = pl.DataFrame([{**given, "act": "", "on": "", field: f"bad{i}"} for i in range(n)])
    path = tmp_path / f"in.{source}"
    if source == "csv":
        frame.write_csv(path)
    elif source == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_parquet(path)
    code, said = run(tmp_path, source, source)
    assert code == 0
    assert f"error {'bad_date' if field == 'on' else f'unknown_{field}'}: {n:,}" in said


NESTED: dict[str, tuple[object, str]] = {
    "numbers": ([1] * 5_000, "parquet"),
    "texts": (["x" * 1_000] * 20, "parquet"),
    "a struct": ({"a": "x" * 20_000}, "parquet"),
    "a struct in JSON": ({"a": ["x" * 20_000]}, "jsonl"),
    "bytes": (b"x" * 20_000, "parquet"),
    "a text": ("x" * 20_000, "csv"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NESTED)
def test_a_small_parquet_of_huge_content_is_refused(tmp_path: Path, name: str) -> None:
    """Of 2 kB to 1.6 MB; lists of numbers took 8 GB and more, since text alone was looked at."""
    value, target = NESTED[name]
    n = 100_000
    columns = {**dict(zip(("division", "item", "channel"), ("kokuho", "1", "counter"), strict=True)), "memo": value}
    frame = pl.DataFrame({column: [each] for column, each in columns.items()})
    bomb = pl.DataFrame([series.new_from_index(0, n) for series in frame.get_columns()])
    bomb.write_parquet(tmp_path / "in.parquet", row_group_size=n, compression="zstd")
    code, said = run(tmp_path, "parquet", target)
    assert (code, "too large when unpacked" in said) == (1, True), said


def packed() -> Iterator[tuple[str, bytes]]:
    yield "gzip", b"\x1f\x8b\x08" + b"\0" * 3_000
    yield "zstd", b"\x28\xb5\x2f\xfd" + b"\0" * 3_000


@pytest.mark.slow
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_what_is_packed_is_not_unpacked(tmp_path: Path, source: str) -> None:
    """A file of 200 kB may be 200 MB."""
    for name, data in packed():
        code, said = batch(tmp_path, [data], source, "csv")
        assert (code, f"packed with {name}" in said) == (1, True), said
    with zipfile.ZipFile(tmp_path / f"in.{source}", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", b"0" * 20_000_000)
    code, said = run(tmp_path, source, "csv")
    assert (code, "a ZIP" in said) == (1, True), said


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--key", "--origin", "--case", "--item", "--act", "--on", "--division"])
def test_a_word_of_an_option_as_long_as_can_be_is_told_in_short(tmp_path: Path, option: str) -> None:
    """As long as the system lets an argument be."""
    asked = ["--division", "kokuho", "--item", "1", "--channel", "counter", "--record", "--audit", f"sqlite:///{tmp_path}/a.db"]  # fmt: skip
    words = [word for at, word in enumerate(asked) if option not in (word, asked[at - 1])]
    code, most, said = peak("decide", "--lang", "en", *words, option, "x" * 100_000)
    assert code in (2, 3)
    assert most < MOST
    assert len(said) < 2_000


@pytest.mark.parametrize("size", [1, 63, 64, 65, 96, 127, 128, 129, 300])
@pytest.mark.parametrize("before", [0, 1, 31, 32, 33, 59, 64, 65])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nx"])
def test_a_line_is_too_long_wherever_it_stands(tmp_path: Path, size: int, before: int, end: bytes) -> None:
    """It is found by looking at pieces of the file; here with 64 bytes for 16 MB."""
    (tmp_path / "in").write_bytes(b"y" * max(before - 1, 0) + b"\n" * (before > 0) + b"x" * size + end)
    if size <= 64:
        of_lines(tmp_path / "in", 64)
        return
    with pytest.raises(DataError, match=f"line {1 + (before > 0)} is longer"):
        of_lines(tmp_path / "in", 64)


@pytest.mark.long
@pytest.mark.parametrize(("closes", "says"), [(True, "a row is longer than"), (False, "error/damaged_row")])
def test_the_lines_of_a_cell_that_is_too_long_are_no_rows(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, closes: bool, says: str
) -> None:
    """They were answered, and a cell that closes was 'a quote that never closes'; here with 200 bytes for 16 MB."""
    monkeypatch.setattr(csv_in, "LONGEST", 200)
    lines = b"".join(b"kokuho,%d,counter,y\n" % i for i in range(1, 30))
    (tmp_path / "in").write_bytes(
        HEAD + b",memo\n" + ROW + b',"x\n' + lines + (b'"\n' if closes else b"") + b"kokuho\n"
    )
    given = (desk, str(tmp_path / "in"), str(tmp_path / "out"), options("csv", "csv"))
    if closes:
        with pytest.raises(DataError, match=says):
            batch_run(*given)
        return
    counts = batch_run(*given)
    assert (counts.rows_out, counts.outcomes[says]) == (31, 2)
