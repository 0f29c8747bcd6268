"""
How long does one answer take from a cold start?

In:   the `assign` command beside this Python, and this Python itself.
Out:  one table, milliseconds from starting a process to its end, and one line for the claim; with --json the same as a
      file. The unit of comparison is a Python that imports typer and pydantic, which are given, and does nothing; of a
      batch of ten rows it is one that imports what the batch does.

Every command is run once before, untimed, and must succeed. Then commands take turns, starting with another one each
round. The table shows the median over the rounds; a ratio is taken within each round, and its median shown.

    python bench/start.py [--rounds 25] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import assign
from assign import resources
from assign.rules import loader
from assign.rules.precompiled import kept_rules

UNIT: Final = "import typer, pydantic"
TIMES: Final = 1.3  # the claim
BATCH_UNIT: Final = "import polars, assign's batch"
BATCH: Final = "assign batch, ten rows"
BATCH_TIMES: Final = 2.5
SEARCH: Final = "assign search"
SEARCH_MS: Final = 30  # more than `assign tasks`
ANSWER: Final = ["decide", "--division", "nenkin", "--item", "24", "--channel", "counter"]


def commands(folder: Path) -> dict[str, list[str]]:
    """What is timed, and how it is started. folder: For the files of the batch."""
    script = Path(sys.executable).with_name("assign")
    if not script.exists():
        raise SystemExit("there is no `assign` beside this Python: make an environment with tools/env.sh")
    python = [sys.executable, "-c"]
    ten = folder / "ten.csv"
    ten.write_text("division,item,channel\n" + "nenkin,24,counter\n" * 10, encoding="utf-8")
    return {
        "pass": [*python, "pass"],
        "import typer": [*python, "import typer"],
        "import pydantic": [*python, "import pydantic"],
        UNIT: [*python, UNIT],
        "assign decide": [str(script), *ANSWER],
        "assign decide --json": [str(script), *ANSWER, "--json"],
        "assign tasks": [str(script), "tasks"],
        SEARCH: [str(script), "search", "葬祭"],
        BATCH_UNIT: [*python, "import assign.cli.batch, assign.batch.pipeline, assign.desk, polars, typer"],
        BATCH: [str(script), "batch", str(ten), str(folder / "out.csv")],
    }


def not_compiled() -> list[str]:
    """The modules of assign whose byte code is missing or of another source; each costs a start its compilation."""
    found = []
    for source in sorted(Path(str(assign.__file__)).parent.rglob("*.py")):
        compiled, stat = Path(cache_from_source(str(source))), source.stat()
        stamp = int(stat.st_mtime).to_bytes(4, "little") + (stat.st_size & 0xFFFFFFFF).to_bytes(4, "little")
        if not compiled.exists() or compiled.read_bytes()[8:16] != stamp:
            found.append(source.stem)
    return found


def milliseconds(command: list[str]) -> float:
    begin = perf_counter()
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
    taken = (perf_counter() - begin) * 1e3
    if code:
        raise SystemExit(f"{' '.join(command)} ended with exit code {code}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description="How long does one answer take from a cold start?")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()

    missing = not_compiled()
    kept = kept_rules(loader.load(resources.rules_folder(), kept=False).data)
    compiled = f"no ({', '.join(missing)}); tools/env.sh does it" if missing else "yes"
    print(f"Python {platform.python_version()}, {options.rounds} rounds")
    print(f"assign byte-compiled: {compiled}; rules kept parsed: {'yes' if kept else 'no (make setup)'}\n")

    with tempfile.TemporaryDirectory() as folder:
        contestants = commands(Path(folder))
        for command in contestants.values():
            milliseconds(command)
        names = list(contestants)
        taken: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(options.rounds):
            first = turn % len(names)
            for name in (*names[first:], *names[:first]):
                taken[name].append(milliseconds(contestants[name]))

    form = "{:<32} {:>7} {:>15} {:>8}"
    print(form.format("from start to end", "ms", "min..max", "ratio"))
    rows = []
    for name, figures in taken.items():
        middle, low, high = median(figures), min(figures), max(figures)
        unit = BATCH_UNIT if name in (BATCH, BATCH_UNIT) else UNIT
        ratio = median(a / b for a, b in zip(figures, taken[unit], strict=True))
        shown = name if name.startswith("assign") else f"python: {name}"
        print(form.format(shown, f"{middle:.1f}", f"{low:.1f}..{high:.1f}", f"{ratio:.2f}"))
        rows.append({"name": name, "ms": middle, "min": low, "max": high, "ratio": ratio})

    answers = [row for row in rows if str(row["name"]).startswith("assign") and row["name"] not in (BATCH, SEARCH)]
    largest, slowest = max((row["ratio"], row["name"]) for row in answers)
    batch = next(row["ratio"] for row in rows if row["name"] == BATCH)
    says = "yes" if largest <= TIMES else "no"
    print(f"\nassign: at most {TIMES}x `{UNIT}`: {says} (largest: {largest:.2f}x, {slowest})")
    print(f"{BATCH}: at most {BATCH_TIMES}x its imports: {'yes' if batch <= BATCH_TIMES else 'no'} ({batch:.2f}x)")
    more = median(a - b for a, b in zip(taken[SEARCH], taken["assign tasks"], strict=True))
    print(
        f"{SEARCH}: at most {SEARCH_MS} ms more than `assign tasks`: {'yes' if more <= SEARCH_MS else 'no'} ({more:.0f} ms)"
    )
    if options.json:
        about = {"python": platform.python_version(), "rounds": options.rounds}
        about |= {"not_byte_compiled": missing, "rules_kept_parsed": kept}
        claim = {"at_most": TIMES, "largest": largest, "command": slowest, "holds": largest <= TIMES}
        ten = {"at_most": BATCH_TIMES, "ratio": batch, "name": BATCH, "unit": BATCH_UNIT}
        whole = {**about, "commands": rows, "claim": claim, "batch": ten}
        options.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
