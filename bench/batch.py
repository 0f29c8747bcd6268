"""
How long does a file of requests take, beside the engine's own join of the same file? Rows and format in, a table of ratios out.

The limit is Polars' left join of the file with the table's answers of today on four words, written in the same format. Ours
also finds the day's window, answers odd words, keeps the order, counts outcomes, guards CSV against formulas, and makes
the file appear whole or not at all. Each contestant runs in a process of its own, in turns; the median of the rounds counts.
Every request is a word of the table: odd words cost a second pass (`--odd 0.01`).
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ONE = """
import json, resource, sys, time
from datetime import date
import polars as pl
from assign import Desk
from assign.batch import Options, run
from assign.table import ANSWERED, decision_table, of_line
who, source, target, kind = sys.argv[1:]
desk = Desk.open()
words = ["division", "item", "channel", "act"]
table = pl.DataFrame(
    [(*line[:4], *of_line(line)) for line in decision_table(desk) if line.until == "9999-12-31"],
    schema=dict.fromkeys([*words, *ANSWERED], pl.String),
    orient="row",
)
started = time.perf_counter()
if who == "assign":
    run(desk, source, target, Options("ja", date(2026, 11, 25), kind, kind))
else:
    scan = pl.scan_parquet(source) if kind == "parquet" else pl.scan_csv(source, infer_schema=False, empty_string_is_null=False)
    joined = scan.join(table.lazy(), on=words, how="left")
    joined.sink_parquet(target) if kind == "parquet" else joined.sink_csv(target)
seconds = time.perf_counter() - started
print(json.dumps({"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
"""


def make(folder: Path, rows: int, odd: float) -> None:
    import polars as pl

    from assign import Desk
    from assign.table import decision_table

    words = [
        line[:4] for line in decision_table(Desk.open(engine="table")) if not line.error and line.until == "9999-12-31"
    ]
    base = pl.DataFrame(words, schema=["division", "item", "channel", "act"], orient="row")
    rng = random.Random(7)
    parts = []
    for start in range(0, rows, 1_000_000):
        number = min(1_000_000, rows - start)
        frame = base[pl.Series([rng.randrange(base.height) for _ in range(number)])].with_columns(
            id=pl.int_range(start, start + number, eager=True),
            on=pl.Series([f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}" for _ in range(number)]),
        )
        if odd:
            typed = pl.Series([f"{i}x" if rng.random() < odd else None for i in range(number)], dtype=pl.String)
            frame = frame.with_columns(item=pl.coalesce(typed, "item"))
        frame = frame.with_columns(memo=pl.concat_str(pl.lit("memo "), "id"))
        parts.append(folder / f"part-{start}.parquet")
        frame.write_parquet(parts[-1])
    whole = pl.scan_parquet(parts)
    whole.sink_parquet(folder / "in.parquet")
    whole.sink_csv(folder / "in.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--odd", type=float, default=0.0)
    given = parser.parse_args()
    import polars as pl

    print(
        f"Python {platform.python_version()}, polars {pl.__version__}, {platform.machine()}, {pl.thread_pool_size()} threads\n"
    )
    print(f"{'rows':>12}  {'format':8}{'raw join s':>12}{'assign s':>12}{'ratio':>8}{'rows/s':>12}{'peak MB':>9}")
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, rows, given.odd)
            for kind in ("parquet", "csv"):
                found: dict[str, list[dict[str, float]]] = {"raw": [], "assign": []}
                for _ in range(given.rounds):
                    for who, runs in found.items():
                        words = [
                            sys.executable,
                            "-c",
                            ONE,
                            who,
                            str(folder / f"in.{kind}"),
                            str(folder / f"out.{kind}"),
                            kind,
                        ]
                        runs.append(json.loads(subprocess.run(words, capture_output=True, check=True).stdout))
                raw, ours = (median(run["seconds"] for run in runs) for runs in found.values())
                peak = max(run["peak_mb"] for run in found["assign"])
                print(
                    f"{rows:>12,}  {kind:8}{raw:>12.2f}{ours:>12.2f}{ours / raw:>8.2f}{rows / ours:>12,.0f}{peak:>9.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
