"""What the tests of Spark share: a session in this process, the cluster of the bench, odd requests, and frames read back."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 25)
COLUMNS = ("id", "division", "item", "channel", "act", "on", "section")
needs_spark = pytest.mark.spark  # run by tools/test.sh in an environment of their own

ODD: list[tuple[str | None, ...]] = [
    ("国民年金", "２４", "窓口", None, None, None),
    (" ＮＥＮＫＩＮ ", "24", "ﾊﾞｯｸﾔｰﾄﾞ", "", "", ""),
    ("nenkin", "nenkin-24", "counter", "受付", "2026-04-01", None),
    ("nenkin", "24", "counter", None, None, " "),
    ("nenkin", "24", "counter", None, None, "x"),
    ("kouki", "51", "counter", None, None, None),
    ("kouki", "51", "窓口", None, None, ""),
    ("kouki", "５１－１", "counter", "decide", "2022-10-01", None),
    (None, None, None, None, None, None),
    ("", "24", "counter", None, None, None),
    ("nenkin", "24", None, None, None, None),
    ("nenkin", "99", "counter", None, None, None),
    ("nenkn", "24", "counter", None, None, None),
    ("nenkin", "024", "counter", None, None, None),
    ("nenkin", "24.0", "counter", None, None, None),
    ("nenkin", "24", "Counter", "RECEIVE", None, None),
    ("nenkin", "24", "counter", "no such act", None, None),
    ("x" * 300, "1", "counter", None, None, None),
    ("x" * 200, "1", "counter", None, None, None),
    ("nenkin", "24" + " " * 300, "counter", "y" * 40, None, "z" * 41),
    ("nenkin", "'); DROP\\\n\x01\"", "counter", "受付😀", None, None),
    *(
        ("nenkin", "24", "counter", None, on, None)
        for on in (
            "2026-4-1",
            "2026-4-1  ",
            "2026-04-1 ",
            "2026-04-1T",
            " 2026-04-01",
            "2026-04-01 ",
            "2026-04-01T00:00",
            "2026-02-30",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "12026-04-01",
            "２０２６－０４－０１",
            "2026/04/01",
            "2021-09-30",
            "2021-10-01",
            "x",
        )
    ),
]


@pytest.fixture(name="tools", scope="module")
def _tools() -> Any:
    """The cluster and the session of the bench."""
    spec = importlib.util.spec_from_file_location("bench_spark", ROOT / "bench" / "spark.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="loopback", scope="module")
def _loopback() -> Iterator[None]:
    """Spark in this process listens on 127.0.0.1 alone, and is stopped in the end."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield
        if (running := SparkSession.getActiveSession()) is not None:
            running.stop()


@pytest.fixture(name="session")
def _session(tools: Any, loopback: None) -> SparkSession:
    """A session in this process, whose executors could not start Python if they tried."""
    del loopback
    made: SparkSession = tools.session("local[2]", **{"spark.pyspark.python": "no-such-python"})
    return made


@pytest.fixture(name="with_python")
def _with_python(session: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors that have Python and `assign`: JSON Lines need them."""
    monkeypatch.setattr(session.sparkContext, "pythonExec", sys.executable)


def written(target: Path) -> bytes:
    """All that was written, in order."""
    return b"".join(part.read_bytes() for part in sorted(target.glob("part-*")) if part.suffix != ".crc")


def frame_of(session: SparkSession, folder: Path, rows: Sequence[Sequence[str | None]]) -> DataFrame:
    """Rows of `COLUMNS` as a frame of strings."""
    path = folder / "rows.json"
    lines = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return session.read.schema(", ".join(f"`{name}` string" for name in COLUMNS)).json(str(path))


def rows_of(frame: DataFrame) -> list[tuple[Any, ...]]:
    """All rows, by their id."""
    return sorted((tuple(row) for row in frame.collect()), key=lambda row: int(row[0]))


def plan_of(frame: DataFrame) -> str:
    """The plan as it was executed, where it was."""
    return str(frame._jdf.queryExecution().executedPlan().toString())
