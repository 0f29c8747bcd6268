"""
Does search find the row, how often, and how fast?

In:   tests/search/*.csv: questions with the rows that are right (tests/search/README.md says where they come from, and which were
      looked at while the words were written: `worked`; the others were opened once, for the figures: `held`).
Out:  one table: of each set the share that found a right row first, among three and among ten, with the counter's division and
      without; of what the list does not have the share that was answered so; of life events the share of rows among the first ten.
      Then CPU milliseconds a query, warm, beside the bare full text over names; and the slowest of hostile queries.

    python bench/search.py [--worked] [--misses] [--json FILE]

--worked: the held sets stay closed. --misses: print each question that found nothing right first (a held set becomes worked by that).
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

from assign import Desk

SETS: Final = Path(__file__).resolve().parent.parent / "tests" / "search"
# The claims: right first, and among three (or ten).
CLAIMS: Final = {
    ("public", True): (0.85, 0.93),
    ("sentences", True): (0.80, 0.92),
    ("clerk", True): (0.90, 0.97),
}
WITHOUT: Final = 0.92  # among three, without the division
EVENTS: Final = 0.90
OUTSIDE: Final = 0.95
ABSTAINED: Final = 0.02
QUICK: Final = 5.0  # ms
SLOWEST: Final = 50.0  # ms
HOSTILE: Final = (
    *(
        "あ" * 10_000,
        "保険証" * 5_000,
        "保" * 10_000,
        "ﾎ" * 10_000,
        "a" * 10_000,
        "1" * 10_000,
        "㌀" * 10_000,
        "ﷺ" * 10_000,
    ),
    *(
        '"',
        "*",
        "NEAR",
        "OR",
        '"葬祭" OR *',
        "NEAR(葬祭 費)",
        "'; DROP TABLE word; --",
        "\0",
        " " * 10_000,
        "🎉" * 5_000,
    ),
    *("́" * 10_000, "葬\0祭", "%", "_", "(", "^葬祭", "text:葬祭", "-葬祭", "保険証再交付" * 40),
)


def read(name: str) -> list[dict[str, str]]:
    with (SETS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rank(desk: Desk, question: dict[str, str], *, with_division: bool) -> int | None:
    """At which place, from 1, the first right row stands."""
    division = question["division"] if with_division else ""
    found = [row["id"] for row in desk.found(question["question"], division=division or None)["rows"]]
    if not question["rows"]:  # the number of nothing
        return None if found else 1
    right = question["rows"].split("|")
    return next((at for at, row in enumerate(found, start=1) if row in right), None)


def share(ranks: list[int | None], most: int) -> float:
    return sum(1 for at in ranks if at is not None and at <= most) / len(ranks) if ranks else 0.0


def found_rows(desk: Desk, name: str, *, misses: bool) -> list[dict[str, Any]]:
    figures = []
    questions = read(name)
    kind = name.rpartition("_")[0]
    for with_division in (True, False):
        ranks = [rank(desk, each, with_division=with_division) for each in questions]
        first, third = CLAIMS[(kind, True)] if with_division else (0.0, WITHOUT)
        how = "with division" if with_division else "without      "
        empty = sum(
            1
            for each in questions
            if each["rows"]
            and not desk.found(each["question"], division=(each["division"] or None) if with_division else None)["rows"]
        )
        print(
            f"{name:18} {how} {len(ranks):4}  first {share(ranks, 1):6.1%} ({first:.0%})  in three {share(ranks, 3):6.1%} ({third:.0%})"
            f"  in ten {share(ranks, 10):6.1%}  wrongly abstained {empty / len(ranks):5.1%} ({ABSTAINED:.0%})"
        )
        figures += [
            {"set": name, "division": with_division, "what": what, "share": share(ranks, most), "at_least": claim}
            for what, most, claim in (("first", 1, first), ("in three", 3, third))
        ]
        if misses and with_division:
            for each, at in zip(questions, ranks, strict=True):
                if at != 1:
                    _miss(desk, each, at)
    return figures


def _miss(desk: Desk, question: dict[str, str], at: int | None) -> None:
    found = desk.found(question["question"], division=question.get("division") or None)
    got = " ".join(f"{row['id']}:{row['score']}[{row['why']['ja'][:24]}]" for row in found["rows"][:3])
    away = found["elsewhere"] and found["elsewhere"]["key"]
    print(
        f"    {at} {question.get('division', '')} {question['question']} | right {question.get('rows')} | {got} {away or ''}"
    )


def outside(desk: Desk, name: str, *, misses: bool) -> dict[str, Any]:
    questions = read(name)
    right = [not desk.found(each["question"], division=each["division"] or None)["rows"] for each in questions]
    print(f"{name:18} abstained rightly {len(right):4} {sum(right) / len(right):6.1%} ({OUTSIDE:.0%})")
    if misses:
        for each, good in zip(questions, right, strict=True):
            if not good:
                _miss(desk, each, None)
    return {
        "set": name,
        "division": True,
        "what": "abstained",
        "share": sum(right) / len(right),
        "at_least": OUTSIDE,
    }


def events(desk: Desk, name: str, *, misses: bool) -> dict[str, Any]:
    got = wanted = 0
    for each in read(name):
        found = {row["id"] for row in desk.found(each["question"])["rows"]}
        right = set(each["rows"].split())
        got, wanted = got + len(right & found), wanted + len(right)
        if misses and right - found:
            print(f"    {each['question']} lacks {' '.join(sorted(right - found))}")
    print(f"{name:18} rows of the event in ten {wanted:4} {got / wanted:6.1%} ({EVENTS:.0%})")
    return {"set": name, "division": False, "what": "in ten", "share": got / wanted, "at_least": EVENTS}


def bare(desk: Desk) -> sqlite3.Connection:
    """The peer: SQLite's trigram full text over the names, as anybody would build it."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE names USING fts5 (id UNINDEXED, name, tokenize='trigram')")
    rows = [(task.id, f"{task.section} {task.group} {task.name}") for task in desk.catalog.tasks]
    db.executemany("INSERT INTO names VALUES (?, ?)", rows)
    return db


def milliseconds(work: Any, questions: list[str]) -> list[float]:
    taken = []
    for question in questions:
        begin = process_time()
        work(question)
        taken.append((process_time() - begin) * 1e3)
    return sorted(taken)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--worked", action="store_true")
    asked.add_argument("--misses", action="store_true")
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    desk = Desk.open()
    halves = ("worked",) if given.worked else ("worked", "held")
    show = {"misses": given.misses}
    shares: list[dict[str, Any]] = []
    for half in halves:
        for name in ("public", "sentences", "clerk"):
            shares += found_rows(desk, f"{name}_{half}", **show)
        shares.append(outside(desk, f"outside_{half}", **show))
        shares.append(events(desk, f"events_{half}", **show))
    questions = [each["question"] for half in halves for each in (*read(f"public_{half}"), *read(f"clerk_{half}"))]
    peer = bare(desk)
    ours = milliseconds(desk.found, questions)
    theirs = milliseconds(
        lambda text: peer.execute("SELECT id FROM names WHERE names MATCH ? LIMIT 10", (f'"{text}"',)).fetchall(),
        questions,
    )
    print(
        f"CPU a query, warm: median {median(ours):.2f} ms, 95 of 100 {ours[int(len(ours) * 0.95)]:.2f} ms ({QUICK:.0f});"
        f" bare FTS5 over names {median(theirs):.2f} ms"
    )
    hostile = milliseconds(desk.found, list(HOSTILE))
    print(f"slowest of {len(hostile)} hostile queries: {hostile[-1]:.1f} ms ({SLOWEST:.0f})")
    if given.json:
        found = {
            "shares": shares,
            "median_ms": median(ours),
            "bare_ms": median(theirs),
            "of_100_ms": {"95": ours[int(len(ours) * 0.95)], "at_most": QUICK},
            "slowest_ms": {"hostile": hostile[-1], "at_most": SLOWEST},
        }
        given.json.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
