"""
How long does `assign diff` take, and how much memory?

In:   two editions of an invented list, made here: ROWS rows, of which every 40th is renumbered, renamed or another mark, and some are
      gone or new; rulings on every 100th row.
Out:  one table, seconds and megabytes of a whole process from its start (`assign diff OLD NEW --json`), for each number of rows
      and beside it two equal editions; --json writes it to a file.

    python bench/diff.py [--rows 215,20000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from assign.export.list_folder import contents
from assign.resources import rules_folder
from assign.rules import elsewhere

KINDS: Final = ("benefit_claim", "change_notice", "relief", "certificate", "card_application")
MARKS: Final = (("託", "○", "○"), ("共", "○", ""), ("直", "", ""), ("協", "○", "○"))
LIMITS: Final = {215: (1.0, 1000), 20_000: (30.0, 1000)}  # rows → seconds, megabytes
PAPER: Final = "source: {document: 規則 第1号, role: 課長}"
MANIFEST: Final = """\
title: {ja: 大きな一覧, en: a large list}
edition: invented
documents: []
divisions:
  - {key: a, label: {ja: 甲課, en: A}}
  - {key: b, label: {ja: 乙課, en: B}}
channels:
  - {key: counter, label: {ja: 窓口, en: counter}, kind: counter}
  - {key: backyard, label: {ja: 事務処理, en: back office}, kind: back_office}
columns:
  - {key: share, label: {ja: 区分, en: share}}
  - {key: way, label: {ja: 方法, en: way}, per: channel}
meanings:
  - {when: {share: 直}, means: retained, because: {ja: 市です, en: the city}}
  - {when: {share: 託, way: ○}, means: consigned, because: {ja: 受託者です, en: the contractor}}
  - {when: {share: 共, way: ○}, means: part_divided, because: {ja: 分けます, en: divided}}
  - {when: {share: 協, way: ○}, means: part_open, because: {ja: 協議中です, en: open}}
  - {when: {share: 共, way: ""}, means: outside, because: {ja: 空欄です, en: blank}}
"""


def edition(folder: Path, rows: int, *, changed: bool) -> Path:
    """A folder of a list."""
    (folder / "rules").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(MANIFEST, "utf-8")
    lines = ["id,division,section,group,number,name,remark,share,counter,backyard,reading,repairs,document,line,raw"]
    of_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    ruled = []
    for at in range(1, rows + 1):
        division, number, name, mark = "ab"[at % 2], at, f"{at}番の申請の受付", MARKS[at % 4]
        if changed and at % 40 == 0:
            kind = at // 40 % 4
            if kind == 3:
                continue
            number, name, mark = (
                (at + rows, name, mark)
                if kind == 0
                else (at, f"{at}番の届の受領", mark)
                if kind == 1
                else (at, name, MARKS[(at + 1) % 4])
            )
        row = f"{division}-{number}"
        lines.append(f"{row},{division},部,係{at % 50},{number},{name},,{','.join(mark)},as_printed,,a.txt,{at},")
        of_kind[KINDS[at % len(KINDS)]].append(row)
        if at % 100 == 1 and at <= 100 * 40:
            ruled.append(row)
    (folder / "catalog.csv").write_text("\n".join(lines) + "\n", "utf-8")
    made = contents()
    holders = made["rules/holders.yaml"].decode().partition("\nrules:\n")[0]
    said = "because: {ja: 市が行います。, en: The city acts.}"
    texts = {
        "decision_table.yaml": made["rules/decision_table.yaml"].decode(),
        "acts.yaml": made["rules/acts.yaml"].decode(),
        "kinds.yaml": elsewhere.kinds((rules_folder() / "kinds.yaml").read_text("utf-8"), of_kind),
        "holders.yaml": f"{holders}\nrules:\n  - {{id: HOLDER, title: {{ja: 市, en: city}}, {PAPER}, when: {{division: [a, b]}}, then: {{holder: city}}, {said}, examples: []}}\n",
        "notes.yaml": "notes: []\n",
        "rulings.yaml": "rulings:\n" + "".join(
            f"  - {{id: R-{at}, title: {{ja: 回答, en: ruling}}, {PAPER}, when: {{rows: [{row}], channel: counter, act: {'form_check' if changed else 'receive'}, "
            f"since: 2026-04-01}}, then: {{assignee: contractor}}, {said}, examples: []}}\n"
            for at, row in enumerate(ruled)
        ),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / "rules" / name).write_text(text, "utf-8")
    return folder


def measured(old: Path, new: Path) -> dict[str, float]:
    """One process, from start to end."""
    started = perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "assign", "diff", str(old), str(new), "--json"], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit("assign diff failed")
    return {
        "seconds": perf_counter() - started,
        "megabytes": used.ru_maxrss / 1024,
        "cpu": used.ru_utime + used.ru_stime,
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", default=",".join(map(str, LIMITS)))
    ask.add_argument("--json")
    given = ask.parse_args()
    found = []
    print(f"{'rows':>7} {'editions':>10} {'s':>7} {'cpu s':>7} {'MB':>6}   limit")
    for rows in map(int, given.rows.split(",")):
        with tempfile.TemporaryDirectory() as name:
            old = edition(Path(name) / "old", rows, changed=False)
            new = edition(Path(name) / "new", rows, changed=True)
            for what, other in (("differ", new), ("are equal", old)):
                one: dict[str, Any] = {"rows": rows, "editions": what, **measured(old, other)}
                found.append(one)
                limit = LIMITS.get(rows)
                one["at_most"] = limit
                said = f"{limit[0]:g} s, {limit[1]:,} MB" if limit else ""
                print(f"{rows:7,} {what:>10} {one['seconds']:7.2f} {one['cpu']:7.2f} {one['megabytes']:6.0f}   {said}")
    if given.json:
        Path(given.json).write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
