"""
How long does a file of requests take, and how much memory, beside the engine's own join and beside the peers?

In:   requests made here, each a word of the decision table, with an id, a day of 2026 and a memo (`--odd 0.01`: one in a
      hundred is a typing error, which costs a second pass).
Out:  one table per question; with --json the same as a file.

    raw join   Polars reads the same file, all columns as text, joins the table's answers of today on four words, and
               writes the same columns in the same format. It finds no errors, knows no days, keeps no order.
    assign     the whole of `assign batch` but its start: the table is made, days and errors are found, rows are counted,
               order is kept, CSV is guarded against formulas, the file appears whole, synced to the disk.
    peers      each as in bench/decide.py, from Parquet to Parquet, one decision after the other: a row's facts are looked
               up in a dict made beforehand, and the bare assignee is written. Ours beside them: whole answers, held to
               one core (the peers are not: zen-engine loses by it).

Each contestant runs in a process of its own, in turns; a ratio is taken within each round, and its median shown. The clock
starts once the engine is imported, and nobody finds the file that another wrote: who writes over it in place is given its
pages of memory back, who writes beside it, to let the whole appear, is not.

    python bench/batch.py [--rows 100000 1000000 10000000] [--memory 10000000 30000000] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

TODAY: Final = date(2026, 11, 25)
WORDS: Final = ["division", "item", "channel", "act"]
BESIDE: Final = {"parquet": 1.3, "csv": 1.5}  # the claims, at the most rows of a run
PEAK_MB: Final = 1_500
GROWS: Final = 1.2
ZEN_FIRST: Final = "zen-engine, as its README opens"
PEERS: Final = {"business-rules": (10, 100_000), "zen-engine": (100, 100_000), ZEN_FIRST: (100, 20_000)}  # claim, rows


# -- one contestant, in a process of its own ---------------------------------------------------------------------------


def raw_join(source: str, target: str, kind: str) -> Callable[[], object]:
    import polars as pl

    from assign import Desk
    from assign.desk.lookup import ANSWERED, decision_table, of_line

    table = pl.DataFrame(
        [(*line[:4], *of_line(line)) for line in decision_table(Desk.open()) if line.until == "9999-12-31"],
        schema=dict.fromkeys([*WORDS, *ANSWERED], pl.String),
        orient="row",
    ).lazy()

    def run() -> None:
        if kind == "parquet":
            pl.scan_parquet(source).join(table, on=WORDS, how="left").sink_parquet(target)
        else:
            scan = pl.scan_csv(source, infer_schema=False, empty_string_is_null=False)
            scan.join(table, on=WORDS, how="left").sink_csv(target)

    return run


def ours(source: str, target: str, kind: str) -> Callable[[], object]:
    import polars as pl  # noqa: F401 - not timed, as in the raw join

    from assign import Desk
    from assign.batch import Options, run

    desk, options = Desk.open(), Options("ja", TODAY, kind, kind)
    return lambda: run(desk, source, target, options)


def peer(name: str, source: str, target: str) -> Callable[[], object]:
    import polars as pl

    import decide
    from assign import Desk

    desk = Desk.open()
    facts = {
        (task.division, item, channel, act or ""): decide.plain(desk.decider.facts(task, channel, act, TODAY))
        for task in desk.catalog.tasks
        for item in (task.item, task.number)
        for channel in desk.catalog.manifest.channels
        for act in (None, *desk.rules.acts)
    }
    compiled = decide.zen_engine_first if name == ZEN_FIRST else decide.PEERS[name]
    answer = compiled(desk.rules.rules)

    def run() -> None:
        frame = pl.read_parquet(source)
        assignees = [answer(facts[words]) for words in frame.select(WORDS).iter_rows()]
        frame.with_columns(assignee=pl.Series(assignees)).write_parquet(target)

    return run


def one(who: str, source: str, target: str, kind: str, cores: int) -> None:
    """Time it; the figures are the last line printed."""
    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    work = {"raw join": raw_join, "assign": ours}
    run = work[who](source, target, kind) if who in work else peer(who, source, target)
    begin = perf_counter()
    run()
    taken = perf_counter() - begin
    print(json.dumps({"seconds": taken, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))


def timed(who: str, folder: Path, kind: str, cores: int = 0) -> dict[str, float]:
    words = [who, str(folder / f"in.{kind}"), str(folder / f"out.{kind}"), kind, str(cores)]
    (folder / f"out.{kind}").unlink(missing_ok=True)
    threads = {"POLARS_MAX_THREADS": str(cores)} if cores else {}
    done = subprocess.run(
        [sys.executable, __file__, "--one", *words],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, **threads},
    )
    return json.loads(done.stdout)


# -- the requests ------------------------------------------------------------------------------------------------------


def make(folder: Path, rows: int, odd: float = 0, kinds: tuple[str, ...] = ("parquet", "csv")) -> None:
    import polars as pl

    from assign import Desk
    from assign.desk.lookup import decision_table

    words = [
        line[:4] for line in decision_table(Desk.open(engine="table")) if not line.error and line.until == "9999-12-31"
    ]
    base = pl.DataFrame(words, schema=WORDS, orient="row")
    days = pl.Series([f"2026-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)])
    parts = []
    for start in range(0, rows, 1_000_000):
        number = min(1_000_000, rows - start)
        frame = base.sample(number, with_replacement=True, seed=start).with_columns(
            id=pl.int_range(start, start + number, eager=True),
            on=days.sample(number, with_replacement=True, seed=start + 1),
        )
        if odd:
            often = round(1 / odd)
            frame = frame.with_columns(
                item=pl.when(pl.col("id") % often == 0).then(pl.format("{}x", "id")).otherwise("item")
            )
        frame = frame.with_columns(memo=pl.concat_str(pl.lit("memo "), "id"))
        parts.append(folder / f"part-{start}.parquet")
        frame.write_parquet(parts[-1])
    whole = pl.scan_parquet(parts)
    if "csv" in kinds:
        whole.sink_csv(folder / "in.csv")
    whole.sink_parquet(folder / "in.parquet")
    for part in parts:
        part.unlink()


# -- the questions -----------------------------------------------------------------------------------------------------


def beside_raw(rows: int, rounds: int, odd: float) -> list[dict[str, Any]]:
    """How long, beside the raw join."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, rows, odd)
        for kind, limit in BESIDE.items():
            runs: dict[str, list[dict[str, float]]] = {"raw join": [], "assign": []}
            for _ in range(rounds):
                for who, taken in runs.items():
                    taken.append(timed(who, folder, kind))
            raw, mine = ([run["seconds"] for run in taken] for taken in runs.values())
            ratios = sorted(b / a for a, b in zip(raw, mine, strict=True))
            line = {
                "rows": rows,
                "format": kind,
                "raw_join_s": median(raw),
                "assign_s": median(mine),
                "ratio": median(ratios),
                "ratios": ratios,
                "ns_per_row": median(mine) / rows * 1e9,
                "peak_mb": max(run["peak_mb"] for run in runs["assign"]),
                "raw_join_peak_mb": max(run["peak_mb"] for run in runs["raw join"]),
                "at_most": limit,
            }
            spread = f"{ratios[0]:.2f}..{ratios[-1]:.2f}"
            print(
                f"{rows:>12,}  {kind:8}{line['raw_join_s']:>12.2f}{line['assign_s']:>12.2f}{line['ratio']:>8.2f}{spread:>14}"
                f"{line['ns_per_row']:>10.0f}{line['peak_mb']:>9.0f}",
                flush=True,
            )
            found.append(line)
    return found


def beside_peers(rows: int, rounds: int) -> list[dict[str, Any]]:
    """Rows a second on one core, beside the peers that have a claim."""
    found = []
    runs: dict[str, list[float]] = {"assign": [], **{name: [] for name in PEERS}}
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name)
        make(whole, rows, kinds=("parquet",))
        folders = {"assign": (whole, rows)}
        for who, (_, fewer) in PEERS.items():
            (whole / who).mkdir()
            make(whole / who, min(rows, fewer), kinds=("parquet",))
            folders[who] = (whole / who, min(rows, fewer))
        for _ in range(rounds):
            for who, rates in runs.items():
                folder, number = folders[who]
                rates.append(number / timed(who, folder, "parquet", cores=int(who == "assign"))["seconds"])
    for who, rates in runs.items():
        ratio = median(mine / theirs for mine, theirs in zip(runs["assign"], rates, strict=True))
        line = {"name": who, "rows": folders[who][1], "rows_per_s": median(rates), "ratio": ratio}
        if who in PEERS:
            line |= {"at_least": PEERS[who][0], "version": version(who.partition(",")[0])}
        print(f"{who:<34}{line['rows']:>12,}{line['rows_per_s']:>14,.0f}{ratio:>10.1f}", flush=True)
        found.append(line)
    return found


def memory(few: int, many: int) -> list[dict[str, Any]]:
    """The peak at both sizes."""
    found = []
    peaks: dict[str, list[float]] = {"parquet": [], "csv": []}
    for rows in (few, many):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, rows)
            for kind, each in peaks.items():
                each.append(timed("assign", folder, kind)["peak_mb"])
                (folder / f"out.{kind}").unlink()
    for kind, (small, large) in peaks.items():
        line = {"format": kind, "rows": [few, many], "peak_mb": [small, large], "ratio": large / small}
        print(f"{kind:8}{small:>10.0f} MB at {few:,}{large:>10.0f} MB at {many:,}{large / small:>8.2f}", flush=True)
        found.append({**line, "at_most": GROWS, "peak_at_most_mb": PEAK_MB})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="How long does a file of requests take, and how much memory?")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--memory", type=int, nargs=2, default=None, metavar=("FEW", "MANY"))
    parser.add_argument("--peers", action="store_true", help="also beside the peers of bench/decide.py")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--odd", type=float, default=0.0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        *words, cores = given.one
        one(*words, cores=int(cores))
        return

    about = {"python": platform.python_version(), "polars": version("polars"), "rounds": given.rounds, "odd": given.odd}
    print(f"Python {about['python']}, polars {about['polars']}, {given.rounds} rounds\n")
    print(
        f"{'rows':>12}  {'format':8}{'raw join s':>12}{'assign s':>12}{'ratio':>8}{'min..max':>14}{'ns/row':>10}{'peak MB':>9}"
    )
    whole: dict[str, Any] = {**about, "files": []}
    for rows in given.rows:
        whole["files"] += beside_raw(rows, given.rounds, given.odd)
    if given.peers:
        print(f"\n{'on one core, Parquet to Parquet':<34}{'rows':>12}{'rows/s':>14}{'ours : it':>10}")
        whole["peers"] = beside_peers(max(given.rows), given.rounds)
    if given.memory:
        print()
        whole["memory"] = memory(*given.memory)
    if given.json:
        given.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
