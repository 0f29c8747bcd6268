"""What stands beside a request in a line of JSON is carried as it is written, whatever it is."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assign import Desk
from assign.batch import run
from assign.desk.lookup import ANSWERED

from .test_batch import options, read

LETTERS = "aZ0 '\"\\/=+-@\t\n\r\x7f\x85\u2028\ufeff国髙①𠮷"


def written(rng: random.Random, depth: int = 2) -> str:
    """A value of JSON in one of its spellings."""
    kind = rng.randrange(6 if depth else 4)
    blank = rng.choice(["", " ", "\t", "  "])
    if kind == 0:
        fraction, power = rng.choice(["", ".0", ".50", f".{rng.getrandbits(80):030}"]), rng.choice(["", "e400", "E-07"])
        return f"{rng.choice(['', '-'])}{rng.choice(['0', '7', str(1 + rng.getrandbits(130))])}{fraction}{power}"
    if kind == 1:
        return rng.choice(["true", "false", "null"])
    if kind in (2, 3):
        text = "".join(rng.choices(LETTERS, k=rng.randrange(6)))
        return json.dumps(text, ensure_ascii=rng.random() < 0.5)
    inner = [written(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 4:
        return f"[{blank}{f'{blank},'.join(inner)}]"
    return f"{{{','.join(f'{blank}{json.dumps(str(at))}{blank}:{each}' for at, each in enumerate(inner))}{blank}}}"


def as_cell(text: str) -> str | None:
    """A string is its text, null nothing, and anything else what is written."""
    value: Any = json.loads(text, parse_int=str, parse_float=str)
    return value if value is None or text.startswith('"') else text


@pytest.mark.long
def test_any_value_of_json_is_carried_as_it_is_written(desk: Desk, tmp_path: Path) -> None:
    """Byte for byte from line to line, and as text into columns: numbers of any length, escapes, blanks, nesting."""
    rng = random.Random(9203)
    values = [(written(rng), written(rng)) for _ in range(500)]
    request = '"division": "kokuho","item":1 ,"channel":"counter"'
    lines = [f'{{"x": {one}\t,{request}, "y z" :{other} }}' for one, other in values]
    (tmp_path / "in").write_bytes("".join(f"{line}\n" for line in lines).encode())
    for kind in ("jsonl", "csv", "parquet"):
        counts = run(desk, str(tmp_path / "in"), str(tmp_path / kind), options("jsonl", kind))
        assert counts.outcomes == {"contractor/settled": len(lines)}
    told = (tmp_path / "jsonl").read_bytes().decode().removesuffix("\n").split("\n")
    assert all(line.startswith(given[:-1]) for line, given in zip(told, lines, strict=True))
    cells = [(as_cell(one), as_cell(other)) for one, other in values]
    frame = pl.read_parquet(tmp_path / "parquet")
    assert list(frame.select("x", "y z").iter_rows()) == cells
    assert set(frame.columns) == {"x", "division", "item", "channel", "y z", *ANSWERED}
    rows = read(tmp_path / "csv", "csv")
    assert [(row["x"], row["y z"]) for row in rows] == [(one or None, other or None) for one, other in cells]
